// Archives as torch.export.save writes them, small enough to be spelled out: one Linear with a
// ReLU, of which tests change what they are about.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "ir/stored_zip.h"

namespace edgeopt::formats::pt2::testing {

using nlohmann::json;

inline json Sizes(const std::vector<int64_t>& sizes) {
  json list = json::array();
  for (const int64_t size : sizes) list.push_back({{"as_int", size}});
  return list;
}

// The schema's TensorMeta; 7 is float32.
inline json Meta(const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                 int64_t offset = 0, int dtype = 7) {
  return {{"dtype", dtype},
          {"sizes", Sizes(sizes)},
          {"requires_grad", false},
          {"device", {{"type", "cpu"}, {"index", nullptr}}},
          {"strides", Sizes(strides)},
          {"storage_offset", {{"as_int", offset}}},
          {"layout", 7}};
}

inline json TensorArgument(const std::string& name) { return {{"as_tensor", {{"name", name}}}}; }
inline json Named(const std::string& name, const json& argument) {
  return {{"name", name}, {"arg", argument}, {"kind", 1}};
}

// relu(x w^T + b): x [2, 3], w [4, 3], b [4].
inline json LinearProgram() {
  const json linear = {
      {"target", "torch.ops.aten.linear.default"},
      {"inputs",
       {Named("input", TensorArgument("x")), Named("weight", TensorArgument("p_fc_weight")),
        Named("bias", TensorArgument("p_fc_bias"))}},
      {"outputs", {TensorArgument("linear")}},
      {"metadata",
       {{"nn_module_stack", "L__self__,,__main__.Net;L__self__fc,fc,torch.nn.Linear"}}}};
  const json relu = {{"target", "torch.ops.aten.relu.default"},
                     {"inputs", {Named("self", TensorArgument("linear"))}},
                     {"outputs", {TensorArgument("relu")}},
                     {"metadata", json::object()}};
  const json graph = {
      {"inputs", {TensorArgument("p_fc_weight"), TensorArgument("p_fc_bias"), TensorArgument("x")}},
      {"outputs", {TensorArgument("relu")}},
      {"nodes", {linear, relu}},
      {"tensor_values",
       {{"p_fc_weight", Meta({4, 3}, {3, 1})},
        {"p_fc_bias", Meta({4}, {1})},
        {"x", Meta({2, 3}, {3, 1})},
        {"linear", Meta({2, 4}, {4, 1})},
        {"relu", Meta({2, 4}, {4, 1})}}},
      {"sym_int_values", json::object()},
      {"sym_bool_values", json::object()}};
  const auto parameter = [](const std::string& name, const std::string& qualified) {
    return json{{"parameter", {{"arg", {{"name", name}}}, {"parameter_name", qualified}}}};
  };
  const json signature = {{"input_specs",
                           {parameter("p_fc_weight", "fc.weight"),
                            parameter("p_fc_bias", "fc.bias"),
                            {{"user_input", {{"arg", TensorArgument("x")}}}}}},
                          {"output_specs", {{{"user_output", {{"arg", TensorArgument("relu")}}}}}}};
  return {{"graph_module",
           {{"graph", graph}, {"signature", signature}, {"module_call_graph", json::array()}}},
          {"opset_version", {{"aten", 10}}},
          {"range_constraints", json::object()},
          {"schema_version", {{"major", 8}, {"minor", 20}}},
          {"torch_version", "2.15.0"}};
}

inline json& GraphOf(json& program) { return program["graph_module"]["graph"]; }

inline json Payload(const std::string& file, const json& meta) {
  return {{"path_name", file}, {"is_param", true}, {"use_pickle", false}, {"tensor_meta", meta}};
}

inline json LinearWeights() {
  return {{"config",
           {{"fc.weight", Payload("weight_0", Meta({4, 3}, {3, 1}))},
            {"fc.bias", Payload("weight_1", Meta({4}, {1}))}}}};
}

inline std::string FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// The files by their path below the archive's folder.
inline std::map<std::string, std::string> LinearFiles(const json& program = LinearProgram(),
                                                      const json& weights = LinearWeights()) {
  return {{"archive_format", "pt2"},
          {"archive_version", "0"},
          {"byteorder", "little"},
          {"models/model.json", program.dump()},
          {"data/weights/model_weights_config.json", weights.dump()},
          {"data/weights/weight_0", FloatBytes({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})},
          {"data/weights/weight_1", FloatBytes({1, -1, 2, -2})},
          {"data/constants/model_constants_config.json", R"({"config": {}})"}};
}

inline std::string ArchiveBytes(const std::map<std::string, std::string>& files) {
  std::map<std::string, std::string> below;
  for (const auto& [name, content] : files) below.emplace("net/" + name, content);
  return ir::StoredZip(below);
}

inline Buffer ArchiveOf(const std::map<std::string, std::string>& files) {
  return Buffer::Own(ArchiveBytes(files));
}

}  // namespace edgeopt::formats::pt2::testing
