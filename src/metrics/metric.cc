#include "metrics/metric.h"

namespace edgeopt::metrics {

Result<std::unique_ptr<Metric>> Make(std::string_view name, const MetricOptions& options) {
  std::string known;
  for (const MetricInfo& info : Table()) {
    if (info.name == name) return info.make(options);
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  return UsageError("there is no metric '" + std::string(name) + "'", "known metrics: " + known);
}

}  // namespace edgeopt::metrics
