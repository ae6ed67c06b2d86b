// libFuzzer target: the TensorFlow Lite reader on arbitrary bytes. What it accepts must be writable
// in both forms (a model compiled for an NPU is not, and archives need room), and read back to the
// same bytes. Reading it into the graph must end, with a model or an error.
#include <cstdint>
#include <cstdlib>

#include "formats/tflite/file.h"
#include "formats/tflite/raise.h"
#include "ir/verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgeopt;                   // NOLINT
  using namespace edgeopt::formats::tflite;  // NOLINT
  const auto file = ParseTflite(Buffer::Copy(data, size));
  if (!file.ok()) return 0;
  if (const auto model = Raise(*file); model.ok() && !ir::Verify(*model).ok()) std::abort();
  // The lower threshold keeps what one input can make of a megabyte in bounds, too.
  for (const int64_t threshold : {int64_t{0}, int64_t{1} << 20}) {
    const TfliteWriteOptions options{.outside_threshold_bytes = threshold};
    const auto written = SerializeTflite(*file, options);
    if (!written.ok() && written.error().code == ErrorCode::kUnsupported) continue;
    if (!written.ok()) std::abort();
    const auto again = ParseTflite(Buffer::Own(*written));
    if (!again.ok()) std::abort();
    const auto rewritten = SerializeTflite(*again, options);
    if (!rewritten.ok() || *rewritten != *written) std::abort();
  }
  return 0;
}
