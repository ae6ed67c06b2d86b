// Of the samples put into a class, the share that belongs there; see metrics/confusion.h.
#include "metrics/confusion.h"

namespace edgeopt::metrics {

MetricInfo precision() {
  return {"precision",
          "share of the predictions of a class that are right (macro, micro, per class)", true,
          [](const MetricOptions& options) {
            return MakeConfusionMetric("precision", ConfusionRatio::kPrecision, options);
          }};
}

}  // namespace edgeopt::metrics
