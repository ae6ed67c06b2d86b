#include "pipeline/infer_types.h"

#include "formats/onnx/onnx.h"
#include "passes/localize_constants.h"
#include "passes/subgraph_types.h"

namespace edgeopt::pipeline {
namespace {

// What the file says of an output's shape, with the sizes that inference finds where it leaves them
// open. Another rank is an error of the file, which inference alone does not contradict.
ir::Type Settled(ir::Type declared, const ir::Type& inferred) {
  if (!inferred.shape || !declared.is_tensor()) return declared;
  if (inferred.rank() != declared.rank()) return inferred;
  for (size_t i = 0; i < declared.shape->size(); ++i)
    if (ir::Dim& dim = (*declared.shape)[i]; !dim.value && (*inferred.shape)[i].value)
      dim = (*inferred.shape)[i];
  return declared;
}

}  // namespace

Status InferAllTypes(ir::Model& model) {
  EDGEOPT_CHECK_OK(passes::LocalizeConstants(model));
  return passes::InferSubgraphTypes(model, formats::InferTypes);
}

Status InferTypesAfresh(ir::Model& model) {
  std::vector<ir::Type> declared;
  for (const ir::ValueId id : model.graph.outputs()) {
    declared.push_back(model.graph.value(id).type);
    if (!declared.back().is_tensor() || !model.graph.producer(id).valid()) continue;
    model.graph.SetType(id, ir::Type::OfTensor(declared.back().element));
  }
  EDGEOPT_CHECK_OK(InferAllTypes(model));
  for (size_t i = 0; i < declared.size(); ++i) {
    const ir::ValueId id = model.graph.outputs()[i];
    model.graph.SetType(id, Settled(std::move(declared[i]), model.graph.value(id).type));
  }
  return OkStatus();
}

}  // namespace edgeopt::pipeline
