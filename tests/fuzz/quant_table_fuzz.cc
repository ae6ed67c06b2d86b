// libFuzzer target: the calibration table's reader on arbitrary text. What it accepts must be
// writable without loss, and read back to the same text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "quant/calibration_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgeopt::quant;  // NOLINT
  const auto table =
      CalibrationTableFromJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!table.ok()) return 0;
  const auto written = ToJson(*table, Histogram::kBins);
  if (!written.ok()) std::abort();
  const auto again = CalibrationTableFromJson(*written);
  if (!again.ok()) std::abort();
  const auto rewritten = ToJson(*again, Histogram::kBins);
  if (!rewritten.ok() || *rewritten != *written) std::abort();
  return 0;
}
