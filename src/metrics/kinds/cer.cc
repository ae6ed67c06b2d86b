// Character error rate; see metrics/transcript.h.
#include "metrics/transcript.h"

namespace edgeopt::metrics {

MetricInfo cer() {
  return {"cer", "wrong, missing and surplus characters per characters of the transcripts", true,
          [](const MetricOptions& options) {
            return MakeTextErrorMetric("cer", ErrorUnit::kCharacter, options);
          }};
}

}  // namespace edgeopt::metrics
