#include "quant/calibrator.h"

#include <algorithm>
#include <string>

namespace edgeopt::quant {

Result<const Calibrator*> FindCalibrator(std::string_view name) {
  std::string known;
  for (const Calibrator& calibrator : Table()) {
    if (calibrator.name == name) return &calibrator;
    known += (known.empty() ? "" : ", ") + std::string(calibrator.name);
  }
  return UsageError("unknown calibrator '" + std::string(name) + "'", "choose one of " + known);
}

Result<Range> Calibrate(const Calibrator& calibrator, const TensorStatistics& statistics,
                        const CalibratorOptions& options) {
  if (!(options.percentile > 0 && options.percentile <= 100)) {
    return UsageError("percentile " + std::to_string(options.percentile) +
                          " is outside the range above 0 up to 100",
                      "99.999 is the default");
  }
  if (calibrator.needs_histogram && !statistics.has_histogram) {
    return Internal("calibrator '" + std::string(calibrator.name) +
                    "' needs a histogram, but none was collected");
  }
  if (statistics.count == 0) return Range{};
  const Range chosen = calibrator.choose(statistics, options);
  return Clamp(chosen, WithZero(statistics.range()));
}

}  // namespace edgeopt::quant
