// IDX files, plain and gzip.
#include <cstddef>
#include <cstdint>

#include "data/idx_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto source = edgeopt::data::ReadIdx(edgeopt::Buffer::Copy(data, size), "x");
  if (!source.ok() || source->count() == 0) return 0;
  (void)source->At(0);
  (void)source->At(source->count() - 1);
  return 0;
}
