// Mean absolute error over all elements of all samples; see metrics/value_errors.h.
#include "metrics/value_errors.h"

namespace edgeopt::metrics {

MetricInfo mae() {
  return {"mae", "mean absolute error of predicted values", true, [](const MetricOptions& options) {
            return MakeValueErrorMetric("mae", ValueError::kMeanAbsolute, options);
          }};
}

}  // namespace edgeopt::metrics
