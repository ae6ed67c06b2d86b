// The mean of the batches' smallest and largest values, as ONNX Runtime's CalibMovingAverage
// computes it over the batches of one collect_data call.
#include "quant/calibrator.h"

namespace edgeopt::quant {
namespace {

Range Choose(const TensorStatistics& statistics, const CalibratorOptions&) {
  const auto batches = static_cast<double>(statistics.batches.batches);
  return {static_cast<float>(statistics.batches.sum_min / batches),
          static_cast<float>(statistics.batches.sum_max / batches)};
}

}  // namespace

Calibrator average() { return {"average", "mean of the batches' ranges", false, Choose}; }

}  // namespace edgeopt::quant
