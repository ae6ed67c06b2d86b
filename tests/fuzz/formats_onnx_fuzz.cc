// libFuzzer target: the ONNX reader on arbitrary bytes. What it accepts must be writable, and read
// back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "formats/onnx/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgeopt;  // NOLINT
  const auto model = formats::ParseOnnx(Buffer::Copy(data, size));
  if (!model.ok()) return 0;
  const auto written = formats::SerializeOnnx(*model);
  if (!written.ok()) std::abort();
  const auto again = formats::ParseOnnx(Buffer::Own(*written));
  if (!again.ok()) std::abort();
  const auto rewritten = formats::SerializeOnnx(*again);
  if (!rewritten.ok() || *rewritten != *written) std::abort();
  return 0;
}
