#include "pipeline/float_io.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using passes::quantize::IntegerValue;
using runtimes::TensorSpec;

// As ONNX's QuantizeLinear: half to even, saturating.
template <typename T>
Tensor Quantized(const Tensor& tensor, const IntegerValue& value) {
  std::vector<T> numbers;
  for (const float x : tensor.as<float>())
    numbers.push_back(static_cast<T>(
        std::clamp<float>(std::nearbyint(x / value.scale) + static_cast<float>(value.zero_point),
                          std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
  return Tensor::Of(tensor.dims(), numbers);
}

Tensor ToInteger(const Tensor& tensor, const IntegerValue& value) {
  switch (value.type) {
    case ir::DataType::kUint8:
      return Quantized<uint8_t>(tensor, value);
    case ir::DataType::kInt16:
      return Quantized<int16_t>(tensor, value);
    default:
      return Quantized<int8_t>(tensor, value);
  }
}

bool IsQuantized(const TensorSpec& spec) {
  return spec.quantization && spec.quantization->scale > 0 &&
         (spec.type == ir::DataType::kInt8 || spec.type == ir::DataType::kUint8 ||
          spec.type == ir::DataType::kInt16);
}

std::vector<TensorSpec> AsFloat(std::vector<TensorSpec> specs, const Integers& integers) {
  for (TensorSpec& spec : specs) {
    if (!integers.contains(spec.name)) continue;
    spec.type = ir::DataType::kFloat32;
    spec.quantization.reset();
  }
  return specs;
}

class FloatIo : public runtimes::Session {
 public:
  FloatIo(runtimes::Session& session, Integers integers)
      : session_(session),
        integers_(std::move(integers)),
        inputs_(AsFloat(session.inputs(), integers_)),
        outputs_(AsFloat(session.outputs(), integers_)) {}

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }

  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs) override {
    EDGEOPT_TRY(auto outputs, session_.Run(ToIntegers(Named(inputs), integers_)));
    for (Tensor& output : outputs)
      if (const auto value = integers_.find(output.name); value != integers_.end()) {
        EDGEOPT_TRY(output, Dequantized(output, value->second));
      }
    return outputs;
  }

  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return session_.EndProfile();
  }

 private:
  // The only input may come without a name.
  std::vector<Tensor> Named(std::vector<Tensor> inputs) const {
    if (inputs.size() == 1 && inputs[0].name.empty() && inputs_.size() == 1)
      inputs[0].name = inputs_[0].name;
    return inputs;
  }

  static Result<Tensor> Dequantized(const Tensor& tensor, const IntegerValue& value) {
    EDGEOPT_TRY(const auto integers, tensor.ToInts());
    std::vector<float> numbers;
    for (const int64_t q : integers)
      numbers.push_back(static_cast<float>(q - value.zero_point) * value.scale);
    Tensor result = Tensor::Of(tensor.dims(), numbers);
    result.name = tensor.name;
    return result;
  }

  runtimes::Session& session_;
  Integers integers_;
  std::vector<TensorSpec> inputs_, outputs_;
};

}  // namespace

Integers IntegersOf(std::span<const TensorSpec> specs) {
  Integers integers;
  for (const TensorSpec& spec : specs)
    if (IsQuantized(spec))
      integers[spec.name] = {spec.type, spec.quantization->scale,
                             static_cast<int32_t>(spec.quantization->zero_point)};
  return integers;
}

std::vector<Tensor> ToIntegers(std::vector<Tensor> tensors, const Integers& integers) {
  for (Tensor& tensor : tensors) {
    const auto value = integers.find(tensor.name);
    if (value == integers.end() || tensor.type() != ir::DataType::kFloat32) continue;
    Tensor integer = ToInteger(tensor, value->second);
    integer.name = std::move(tensor.name);
    tensor = std::move(integer);
  }
  return tensors;
}

std::unique_ptr<runtimes::Session> WithFloatIo(runtimes::Session& session, Integers integers) {
  return std::make_unique<FloatIo>(session, std::move(integers));
}

FloatModel AsFloat(std::unique_ptr<measure::AgentClient> client, const Integers& inputs) {
  FloatModel model{std::move(client), nullptr, nullptr};
  model.raw = measure::AsSession(*model.client);
  Integers integers = inputs;
  integers.merge(IntegersOf(model.raw->outputs()));
  model.session = WithFloatIo(*model.raw, std::move(integers));
  return model;
}

Integers QuantizedOutputs(const ir::Model& model) {
  Integers integers;
  const ir::Graph& graph = model.graph;
  for (const ir::ValueId id : graph.outputs()) {
    const ir::Node* quantizer = graph.ProducerIf(id, "QuantizeLinear");
    if (quantizer == nullptr) continue;
    const auto scale = graph.ConstantOf(quantizer->input(1));
    const auto zero_point = graph.ConstantOf(quantizer->input(2));
    if (!scale || !zero_point || scale->size() != 1 || zero_point->size() != 1) continue;
    const auto scales = scale->ToFloats();
    const auto zero_points = zero_point->ToInts();
    if (!scales.ok() || !zero_points.ok()) continue;
    integers[graph.value(id).name] = {zero_point->type(), scales->front(),
                                      static_cast<int32_t>(zero_points->front())};
  }
  return integers;
}

}  // namespace edgeopt::pipeline
