// The harmonic mean of precision and recall; see metrics/confusion.h.
#include "metrics/confusion.h"

namespace edgeopt::metrics {

MetricInfo f1() {
  return {"f1", "harmonic mean of precision and recall (macro, micro, per class)", true,
          [](const MetricOptions& options) {
            return MakeConfusionMetric("f1", ConfusionRatio::kF1, options);
          }};
}

}  // namespace edgeopt::metrics
