#include "pipeline/dynamic_sizes.h"

#include "pipeline/samples.h"

namespace edgeopt::pipeline {
namespace {

// Each is what edgeopt's own runtimes do, or refuse: runtimes/tensorrt/engine_cache.cc,
// runtimes/litert/session.cc.
constexpr const char* kOnnxRuntime =
    "ONNX Runtime takes any size and plans its memory for each that it meets";
constexpr const char* kLiteRt =
    "LiteRT prepares the model again whenever a size changes, which it can't where the model "
    "computes shapes while it runs";
constexpr const char* kTensorRtBatch =
    "a TensorRT engine is built for a range of batches, here 1 to 8, its kernels chosen for 1";
constexpr const char* kTensorRtOther =
    "a TensorRT engine is built for fixed sizes, the batch alone may vary: no engine is built here";

std::vector<ir::ValueId> OpenInputs(const ir::Graph& graph) {
  std::vector<ir::ValueId> open;
  for (const ir::ValueId id : graph.inputs())
    if (const ir::Value& value = graph.value(id);
        !value.initializer && value.type.is_tensor() && !value.type.static_dims())
      open.push_back(id);
  return open;
}

bool OnlyBatchIsOpen(const ir::Graph& graph, const std::vector<ir::ValueId>& inputs) {
  for (const ir::ValueId id : inputs) {
    const auto& shape = graph.value(id).type.shape;
    if (!shape) return false;
    for (size_t axis = 1; axis < shape->size(); ++axis)
      if (!(*shape)[axis].value) return false;
  }
  return true;
}

std::string MeasuredAt(const ir::Model& model, const data::Dataset& validation) {
  const auto first = validation.Load(0);
  if (!first.ok()) return "the data's sizes";
  const auto inputs = data::ModelInputs(*first, FloatInputSpecsOf(model));
  if (!inputs.ok()) return "the data's sizes";
  std::string text;
  for (const ir::Tensor& input : *inputs)
    text += (text.empty() ? "" : ", ") + input.name + " " + ir::ToString(input.dims());
  return text + ", as the first sample of the validation data";
}

}  // namespace

std::optional<DynamicSizesFound> FindDynamicSizes(const report::Record& record,
                                                  const ir::Model& model,
                                                  const data::Dataset& validation) {
  const std::vector<ir::ValueId> open = OpenInputs(model.graph);
  if (open.empty()) return std::nullopt;
  DynamicSizesFound found;
  for (const ir::ValueId id : open) {
    const ir::Value& value = model.graph.value(id);
    found.told.inputs += (found.told.inputs.empty() ? "" : ", ") + value.name + " " +
                         (value.type.shape ? ir::ToString(*value.type.shape) : "of any rank");
  }
  const bool batch_alone = OnlyBatchIsOpen(model.graph, open);
  if (record.format == "tensorrt") {
    found.told.target = batch_alone ? kTensorRtBatch : kTensorRtOther;
    found.fits_target = batch_alone;
  } else if (record.format == "tflite") {
    found.told.target = kLiteRt;
    found.fits_target = batch_alone;
  } else {
    found.told.target = kOnnxRuntime;
    if (record.format == "any") found.told.target += std::string("; ") + kLiteRt;
  }
  found.told.measured_at = MeasuredAt(model, validation);
  return found;
}

}  // namespace edgeopt::pipeline
