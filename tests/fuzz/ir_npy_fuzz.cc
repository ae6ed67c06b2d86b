// libFuzzer target: the reader of .npy files on arbitrary bytes. What it accepts must be writable,
// and read back to the same array.
#include <cstdint>
#include <cstdlib>

#include "ir/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgeopt;  // NOLINT
  const auto array = ir::DecodeNpy(Buffer::Copy(data, size));
  if (!array.ok()) return 0;
  const auto written = ir::EncodeNpy(*array);
  if (!written.ok()) std::abort();
  const auto again = ir::DecodeNpy(Buffer::Own(*written));
  if (!again.ok() || !(*again == *array)) std::abort();
  return 0;
}
