// .npz archives: directory, ZIP64, inflation.
#include <cstddef>
#include <cstdint>

#include "data/npz.h"
#include "ir/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto members = edgeopt::data::ReadNpz(edgeopt::Buffer::Copy(data, size));
  if (members.ok())
    for (const auto& member : *members) (void)edgeopt::ir::DecodeNpy(member.npy);
  return 0;
}
