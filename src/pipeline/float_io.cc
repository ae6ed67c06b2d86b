#include "pipeline/float_io.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using passes::quantize::IntegerValue;

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

class FloatIo : public runtimes::Session {
 public:
  FloatIo(runtimes::Session& session, std::map<std::string, IntegerValue> integers)
      : session_(session), integers_(std::move(integers)) {}

  const std::vector<runtimes::TensorSpec>& inputs() const override { return session_.inputs(); }
  const std::vector<runtimes::TensorSpec>& outputs() const override { return session_.outputs(); }

  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs) override {
    std::vector<Tensor> integers;
    for (const Tensor& input : inputs) {
      const auto value = integers_.find(input.name);
      if (value == integers_.end() || input.type() != ir::DataType::kFloat32) {
        integers.push_back(input);
        continue;
      }
      integers.push_back(value->second.type == ir::DataType::kUint8
                             ? Quantized<uint8_t>(input, value->second)
                             : Quantized<int8_t>(input, value->second));
      integers.back().name = input.name;
    }
    EDGEOPT_TRY(auto outputs, session_.Run(integers));
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
  std::map<std::string, IntegerValue> integers_;
};

}  // namespace

std::unique_ptr<runtimes::Session> WithFloatIo(runtimes::Session& session,
                                               std::map<std::string, IntegerValue> integers) {
  return std::make_unique<FloatIo>(session, std::move(integers));
}

std::map<std::string, IntegerValue> QuantizedOutputs(const ir::Model& model) {
  std::map<std::string, IntegerValue> integers;
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
