// The exponential moving average of the batches' smallest and largest values, with constant 0.01,
// as ONNX Runtime's CalibMovingAverage combines the ranges of successive collect_data calls.
#include "quant/calibrator.h"

namespace edgeopt::quant {
namespace {

Range Choose(const TensorStatistics& statistics, const CalibratorOptions&) {
  return {static_cast<float>(statistics.batches.moving_min),
          static_cast<float>(statistics.batches.moving_max)};
}

}  // namespace

Calibrator moving_average() {
  return {"moving-average", "exponential average of the batches' ranges", false, Choose};
}

}  // namespace edgeopt::quant
