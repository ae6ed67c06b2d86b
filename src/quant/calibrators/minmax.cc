// The whole observed range: nothing saturates, outliers cost resolution.
#include "quant/calibrator.h"

namespace edgeopt::quant {
namespace {

Range Choose(const TensorStatistics& statistics, const CalibratorOptions&) {
  return statistics.range();
}

}  // namespace

Calibrator minmax() { return {"minmax", "smallest and largest value", false, Choose}; }

}  // namespace edgeopt::quant
