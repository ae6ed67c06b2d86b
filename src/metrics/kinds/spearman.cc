// Spearman's rank correlation of one predicted and one true number per sample; see
// metrics/correlation.h.
#include "metrics/correlation.h"

namespace edgeopt::metrics {

MetricInfo spearman() {
  return {"spearman", "rank correlation of predicted and true numbers", true,
          [](const MetricOptions& options) {
            return MakeCorrelationMetric("spearman", true, options);
          }};
}

}  // namespace edgeopt::metrics
