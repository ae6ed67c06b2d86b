#include "pipeline/end_at.h"

#include <algorithm>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {

Result<ir::Model> EndAt(ir::Model model, const std::vector<std::string>& names) {
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  ir::Graph& graph = model.graph;
  std::vector<ir::ValueId> outputs;
  for (const std::string& name : names) {
    const ir::ValueId id = graph.Find(name);
    if (!id.valid())
      return BadInput("the model has no value '" + name + "' to end at",
                      "'edgeopt inspect MODEL --text' lists what each node computes");
    if (!graph.producer(id).valid())
      return BadInput("'" + name + "' is an input or a constant; no node computes it",
                      "end the model at what a node computes");
    if (graph.value(id).type.kind == ir::Type::Kind::kNone)
      return BadInput("the type of '" + name + "' is not known, so it can't be an output",
                      "end the model at another value");
    if (std::ranges::find(outputs, id) != outputs.end())
      return UsageError("'" + name + "' is named twice");
    outputs.push_back(id);
  }
  graph.SetOutputs(std::move(outputs));
  graph.RemoveUnused();
  return model;
}

}  // namespace edgeopt::pipeline
