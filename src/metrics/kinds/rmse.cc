// Root of the mean squared error over all elements of all samples; see metrics/value_errors.h.
#include "metrics/value_errors.h"

namespace edgeopt::metrics {

MetricInfo rmse() {
  return {"rmse", "root mean squared error of predicted values", true,
          [](const MetricOptions& options) {
            return MakeValueErrorMetric("rmse", ValueError::kRootMeanSquare, options);
          }};
}

}  // namespace edgeopt::metrics
