// The share of samples whose label is among the five highest scores. Details: "ties", the number
// of samples where a tie at the border decides; it goes to the lowest index.
#include "metrics/classification.h"

namespace edgeopt::metrics {

MetricInfo top5() {
  return {"top5", "share of samples whose label is among the five best", true,
          [](const MetricOptions& options) { return MakeTopK("top5", 5, options); }};
}

}  // namespace edgeopt::metrics
