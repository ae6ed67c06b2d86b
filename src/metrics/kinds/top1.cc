// The share of samples whose label has the highest score. Details: "ties", the number
// of samples where a tie at the border decides; it goes to the lowest index.
#include "metrics/classification.h"

namespace edgeopt::metrics {

MetricInfo top1() {
  return {"top1", "share of samples whose label scores highest", true,
          [](const MetricOptions& options) { return MakeTopK("top1", 1, options); }};
}

}  // namespace edgeopt::metrics
