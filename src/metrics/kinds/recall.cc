// Of the samples of a class, the share that was put there; see metrics/confusion.h.
#include "metrics/confusion.h"

namespace edgeopt::metrics {

MetricInfo recall() {
  return {"recall", "share of the samples of a class that are found (macro, micro, per class)",
          true, [](const MetricOptions& options) {
            return MakeConfusionMetric("recall", ConfusionRatio::kRecall, options);
          }};
}

}  // namespace edgeopt::metrics
