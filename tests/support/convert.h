// For tests of how operators are converted to TFLite: a graph as text, converted, and run in LiteRT
// beside ONNX Runtime. A test program that includes this links pipeline.
#pragma once

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/half.h"
#include "pipeline/convert.h"
#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::testing {

// Numbers of both signs, the same on every machine. Integers of 32 and 64 bits lie in [-1, 1], so
// that they may be indices; narrower ones take their whole range.
inline ir::Tensor Numbers(ir::DataType type, const ir::Dims& dims, int64_t seed) {
  const int64_t count = ir::ElementCount(dims).value();
  std::vector<float> floats;
  std::vector<int64_t> indices;
  for (int64_t i = seed; i < seed + count; ++i) {
    floats.push_back(2 * std::sin(0.7f * static_cast<float>(i * i % 101)));
    indices.push_back(i * i % 7 % 3 - 1);
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(ir::StorageBytes(type, count)));
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<uint8_t>((static_cast<size_t>(seed) + i) * 97);
  switch (type) {
    case ir::DataType::kFloat32:
      return ir::Tensor::Of(dims, floats);
    case ir::DataType::kFloat64:
      return ir::Tensor::Of(dims, std::vector<double>(floats.begin(), floats.end()));
    case ir::DataType::kFloat16:
      for (size_t i = 0; i < floats.size(); ++i) {
        const uint16_t half = FloatToHalf(floats[i]);
        std::memcpy(bytes.data() + 2 * i, &half, sizeof half);
      }
      break;
    case ir::DataType::kInt32:
      return ir::Tensor::Of(dims, std::vector<int32_t>(indices.begin(), indices.end()));
    case ir::DataType::kInt64:
      return ir::Tensor::Of(dims, indices);
    case ir::DataType::kBool:
      for (uint8_t& byte : bytes) byte &= 1;
      break;
    default:
      break;
  }
  return ir::Tensor::Make(type, dims, Buffer::FromVector(bytes)).value();
}

inline Result<pipeline::Converted> Converted(const std::string& graph, int opset = 22) {
  EDGEOPT_TRY(ir::Model model, formats::ParseText("<ir_version: 10, opset_import: [\"\" : " +
                                                  std::to_string(opset) + "]>\n" + graph));
  // Inputs called "w..." are weights.
  std::vector<ir::ValueId> inputs;
  int64_t seed = 1;
  for (const ir::ValueId id : model.graph.inputs()) {
    const ir::Type type = model.graph.value(id).type;
    if (model.graph.value(id).name.rfind('w', 0) == 0)
      model.graph.SetInitializer(id, Numbers(type.element, *type.static_dims(), seed++));
    else
      inputs.push_back(id);
  }
  model.graph.SetInputs(inputs);
  const measure::SampleSource samples = [&](int64_t index) -> Result<std::vector<ir::Tensor>> {
    std::vector<ir::Tensor> sample;
    for (const ir::ValueId id : inputs) {
      const ir::Value& value = model.graph.value(id);
      sample.push_back(Numbers(value.type.element, *value.type.static_dims(),
                               10 * index + static_cast<int64_t>(sample.size())));
      sample.back().name = value.name;
    }
    return sample;
  };
  pipeline::ConvertOptions options;
  options.verification = {.random_samples = 0, .data = &samples, .data_samples = 3};
  const pipeline::LoadTflite load = [](std::span<const std::byte> bytes) {
    return LiteRt()->LoadBytes(bytes, {});
  };
  return pipeline::Convert(model, options, *OnnxRuntime(), load, SilentSink(), nullptr);
}

// Empty when LiteRT computes what ONNX Runtime does; else what went wrong.
inline std::string Problem(const std::string& graph, int opset = 22) {
  const auto converted = Converted(graph, opset);
  return converted.ok() ? "" : converted.error().ToString();
}

// The message of a refusal; else a complaint.
inline std::string Refusal(const std::string& graph, int opset = 22) {
  const auto converted = Converted(graph, opset);
  if (converted.ok()) return "it was converted";
  const bool refused = converted.error().code == ErrorCode::kUnsupported;
  return refused ? converted.error().ToString() : "it failed: " + converted.error().ToString();
}

}  // namespace edgeopt::testing
