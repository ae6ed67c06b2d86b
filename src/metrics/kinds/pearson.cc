// Pearson's correlation of one predicted and one true number per sample; see
// metrics/correlation.h.
#include "metrics/correlation.h"

namespace edgeopt::metrics {

MetricInfo pearson() {
  return {"pearson", "linear correlation of predicted and true numbers", true,
          [](const MetricOptions& options) {
            return MakeCorrelationMetric("pearson", false, options);
          }};
}

}  // namespace edgeopt::metrics
