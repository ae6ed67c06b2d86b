// .npy files: whatever opens can be read to the end.
#include <cstddef>
#include <cstdint>

#include "data/array_source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto source = edgeopt::data::ArraySource::FromNpy("x", edgeopt::Buffer::Copy(data, size));
  if (!source.ok() || source->count() == 0) return 0;
  for (const int64_t index : {int64_t{0}, source->count() / 2, source->count() - 1})
    (void)source->At(index);
  (void)edgeopt::ir::DecodeNpy(edgeopt::Buffer::Copy(data, size));
  return 0;
}
