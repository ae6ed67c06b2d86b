#include "pipeline/samples.h"

#include <algorithm>

#include "data/batched.h"
#include "measure/fitting_inputs.h"

namespace edgeopt::pipeline {

std::vector<data::InputSpec> InputSpecsOf(const ir::Model& model) {
  std::vector<data::InputSpec> specs;
  for (const ir::ValueId id : model.graph.inputs()) {
    const ir::Value& value = model.graph.value(id);
    if (value.initializer) continue;
    data::InputSpec spec;
    spec.name = value.name;
    spec.type = value.type.element;
    spec.has_shape = value.type.shape.has_value();
    if (value.type.shape)
      for (const ir::Dim& dim : *value.type.shape) spec.dims.push_back(dim.value.value_or(-1));
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<data::InputSpec> FloatInputSpecsOf(const ir::Model& model) {
  std::vector<data::InputSpec> specs = InputSpecsOf(model);
  const ir::Graph& graph = model.graph;
  for (data::InputSpec& spec : specs) {
    const auto& uses = graph.uses(graph.Find(spec.name));
    const bool stored = !uses.empty() && std::ranges::all_of(uses, [&](const ir::Use& use) {
      return use.slot == 0 && graph.node(use.node).Is("DequantizeLinear");
    });
    if (stored) spec.type = ir::DataType::kFloat32;
  }
  return specs;
}

measure::SampleSource SourceOf(const data::Dataset& dataset, std::vector<data::InputSpec> specs) {
  return [&dataset, specs = std::move(specs)](int64_t index) -> Result<std::vector<ir::Tensor>> {
    EDGEOPT_TRY(const data::Sample sample, dataset.Load(index));
    return data::ModelInputs(sample, specs);
  };
}

SizedSamples SamplesFor(std::shared_ptr<const data::Dataset> data,
                        const std::vector<data::InputSpec>& specs) {
  SizedSamples samples;
  samples.data = data::InBatches(std::move(data), specs);
  if (samples.data == nullptr) return samples;
  samples.source = SourceOf(*samples.data, specs);
  samples.count = samples.data->size();
  return samples;
}

Result<std::vector<data::InputSpec>> FittingSpecs(runtimes::Session& session) {
  const auto run = [&session](const std::vector<ir::Tensor>& inputs) -> Status {
    EDGEOPT_TRY(const auto outputs, session.Run(inputs));
    return OkStatus();
  };
  EDGEOPT_TRY(const auto inputs, measure::FittingInputs(session.inputs(), run));
  std::vector<data::InputSpec> specs;
  for (const ir::Tensor& input : inputs)
    specs.push_back({input.name, input.type(), input.dims(), true});
  return specs;
}

}  // namespace edgeopt::pipeline
