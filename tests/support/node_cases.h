// ONNX's own cases for every operator (tests/formats/node_cases): models of one node, inputs, and
// the outputs that are expected. A test program that includes this links formats.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "formats/onnx/proto.h"
#include "ir/model.h"
#include "onnx/onnx-data.pb.h"

namespace edgeopt::testing {

inline std::filesystem::path NodeCases() {
  return std::filesystem::path(EDGEOPT_DEPS_DIR) / "node-cases-1.23.2" / "node";
}

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

inline Result<ir::Tensor> FromProto(onnx::TensorProto proto, const std::string& name) {
  EDGEOPT_TRY(ir::Tensor tensor, formats::internal::TensorFromProto(proto, nullptr));
  tensor.name = name;
  return tensor;
}

// The content of an input file, as the runtime's session wants it: a sequence as NAME[0] and so on.
// False for what sessions don't take.
inline bool ReadInput(const std::string& bytes, const ir::Value& value,
                      std::vector<ir::Tensor>& inputs) {
  using Kind = ir::Type::Kind;
  if (value.type.kind == Kind::kTensor) {
    onnx::TensorProto proto;
    if (!proto.ParseFromString(bytes)) return false;
    auto tensor = FromProto(std::move(proto), value.name);
    if (tensor.ok()) inputs.push_back(std::move(*tensor));
    return tensor.ok();
  }
  if (value.type.kind != Kind::kSequence || !value.type.inner[0].is_tensor()) return false;
  onnx::SequenceProto proto;
  if (!proto.ParseFromString(bytes)) return false;
  for (int i = 0; i < proto.tensor_values_size(); ++i) {
    auto tensor = FromProto(proto.tensor_values(i), value.name + "[" + std::to_string(i) + "]");
    if (!tensor.ok()) return false;
    inputs.push_back(std::move(*tensor));
  }
  return proto.tensor_values_size() > 0;
}

// nullopt when there is an input that sessions don't take.
inline std::optional<std::vector<ir::Tensor>> ReadInputs(const std::filesystem::path& folder,
                                                         const ir::Model& model) {
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < model.graph.inputs().size(); ++i) {
    const std::filesystem::path path =
        folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb");
    if (!std::filesystem::exists(path)) return std::nullopt;
    if (!ReadInput(ReadBytes(path), model.graph.value(model.graph.inputs()[i]), inputs))
      return std::nullopt;
  }
  return inputs;
}

// All inputs but the first tensor become initializers.
inline void FreezeInputs(ir::Model& model, std::vector<ir::Tensor>& inputs) {
  std::vector<ir::ValueId> left;
  std::vector<ir::Tensor> fed;
  for (ir::Tensor& input : inputs) {
    const ir::ValueId id = model.graph.Find(input.name);
    if (fed.empty() || !id.valid()) {
      fed.push_back(input);
      if (id.valid()) left.push_back(id);
      continue;
    }
    input.name.clear();
    model.graph.SetInitializer(id, input);
  }
  for (const ir::ValueId id : model.graph.inputs())
    if (!model.graph.value(id).type.is_tensor()) left.push_back(id);
  model.graph.SetInputs(std::move(left));
  inputs = std::move(fed);
}

// The outputs that the case expects; nullopt when one is no tensor.
inline std::optional<std::vector<ir::Tensor>> ExpectedOutputs(const std::filesystem::path& folder,
                                                              const ir::Model& model) {
  std::vector<ir::Tensor> outputs;
  for (size_t i = 0; i < model.graph.outputs().size(); ++i) {
    const ir::Value& value = model.graph.value(model.graph.outputs()[i]);
    const std::string file = "output_" + std::to_string(i) + ".pb";
    if (!value.type.is_tensor() ||
        !ReadInput(ReadBytes(folder / "test_data_set_0" / file), value, outputs))
      return std::nullopt;
  }
  return outputs;
}

}  // namespace edgeopt::testing
