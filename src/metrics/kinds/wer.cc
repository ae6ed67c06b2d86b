// Word error rate; see metrics/transcript.h.
#include "metrics/transcript.h"

namespace edgeopt::metrics {

MetricInfo wer() {
  return {"wer", "wrong, missing and surplus words per words of the transcripts", true,
          [](const MetricOptions& options) {
            return MakeTextErrorMetric("wer", ErrorUnit::kWord, options);
          }};
}

}  // namespace edgeopt::metrics
