#include "pipeline/shipping.h"

namespace edgeopt::pipeline {

using report::Record;
using report::Step;

bool Ships(const Record& record, const Step& step) {
  if (!step.framework.empty() || record.lacks_sizes(step)) return false;
  if (record.format == "tensorrt") return IsForTensorRt(step);
  return record.format == "any" || step.format() == record.format;
}

bool RunsInTensorRt(const Record& record, const Step& step) {
  return report::IsForTensorRt(step) && !report::HasStandIn(record, step);
}

Status CheckShips(const Record& record) {
  if (record.best() == nullptr || Ships(record, *record.best())) return OkStatus();
  std::string why;
  for (const Step& step : record.steps)
    if (&step != record.baseline())
      why += "; step '" + step.id + "' " + std::string(Name(step.decision)) + ": " + step.reason;
  return Unsupported("no variant is " + record.format + ", which " + record.device + " needs" + why,
                     "change the model as the reasons say, or choose another device");
}

}  // namespace edgeopt::pipeline
