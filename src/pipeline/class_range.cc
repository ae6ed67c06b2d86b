#include "pipeline/class_range.h"

#include "metrics/metric.h"

namespace edgeopt::pipeline {
namespace {

// The metric takes the target "label" for a class, as those do that know 'label_offset'; with an
// offset it checks the labels itself.
bool JudgesClasses(const report::Record& record) {
  const auto& given = record.metric_parameters;
  metrics::MetricOptions probe;
  probe.parameters = {{"label_offset", "0"}};
  return given.find("label_offset") == given.end() && metrics::Make(record.metric, probe).ok();
}

}  // namespace

Status CheckClassRange(const report::Record& record, const ir::Model& model,
                       const data::Dataset& validation) {
  if (!JudgesClasses(record)) return OkStatus();
  EDGEOPT_TRY(const data::Sample first, validation.Load(0));
  if (data::Find(first.targets, "label") == nullptr) return OkStatus();
  const auto& outputs = model.graph.outputs();
  const auto named = record.metric_parameters.find("output");
  const bool is_named = named != record.metric_parameters.end();
  const ir::ValueId output = is_named ? model.graph.Find(named->second) : outputs.front();
  if (!output.valid() || (!is_named && outputs.size() > 1)) return OkStatus();
  const ir::Type& type = model.graph.value(output).type;
  if (type.rank() != 2 || !type.shape->back().value) return OkStatus();
  int64_t classes = *type.shape->back().value;
  // One value and a threshold: no and yes.
  if (classes == 1 && record.metric_parameters.contains("threshold")) classes = 2;
  return data::CheckLabels(validation, classes);
}

}  // namespace edgeopt::pipeline
