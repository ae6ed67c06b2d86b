#include "package/triton_config.h"

#include <algorithm>
#include <string_view>

namespace edgeopt::package {
namespace {

struct TypeName {
  std::string_view ours, tritons;
  bool in_engines = true;  // TensorRT's inputs and outputs can have it
};
// The types of model_config.proto.
constexpr TypeName kTypeNames[] = {
    {"float32", "TYPE_FP32"},         {"float16", "TYPE_FP16"},
    {"bfloat16", "TYPE_BF16"},        {"int8", "TYPE_INT8"},
    {"uint8", "TYPE_UINT8"},          {"int32", "TYPE_INT32"},
    {"int64", "TYPE_INT64"},          {"bool", "TYPE_BOOL"},
    {"int16", "TYPE_INT16", false},   {"uint16", "TYPE_UINT16", false},
    {"uint32", "TYPE_UINT32", false}, {"uint64", "TYPE_UINT64", false},
    {"float64", "TYPE_FP64", false},  {"string", "TYPE_STRING", false},
};

// A literal of the text format: quotes, backslashes and what is not printable ASCII are escaped,
// the latter as three octal digits, which no digit behind can lengthen.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += std::string("\\") + c;
    } else if (byte >= 32 && byte < 127) {
      quoted += c;
    } else {
      quoted += '\\';
      for (const int shift : {6, 3, 0}) quoted += static_cast<char>('0' + (byte >> shift & 7));
    }
  }
  return quoted + "\"";
}

Result<std::string> Dims(const Port& port, bool batched) {
  if (batched && port.dims.empty())
    return BadInput("'" + port.name + "' is a scalar, so it has no batch dimension",
                    "package the model for Triton without batching");
  std::string text;
  for (size_t i = batched ? 1 : 0; i < port.dims.size(); ++i) {
    if (port.dims[i] == 0 || port.dims[i] < -1)
      return BadInput("dimension " + std::to_string(i) + " of '" + port.name + "' is " +
                      std::to_string(port.dims[i]));
    text += (text.empty() ? " " : ", ") + std::to_string(port.dims[i]);
  }
  // Triton has no empty list: a value per sample is a list of one that is shaped into none.
  if (text.empty()) return std::string("    dims: [ 1 ]\n    reshape: { shape: [ ] }\n");
  return "    dims: [" + text + " ]\n";
}

Result<std::string> PortList(const char* kind, const std::vector<Port>& ports,
                             const TritonModel& model) {
  std::string text = std::string(kind) + " [\n";
  for (const Port& port : ports) {
    const auto row = std::find_if(std::begin(kTypeNames), std::end(kTypeNames),
                                  [&](const TypeName& name) { return name.ours == port.type; });
    if (port.name.empty()) return BadInput("an input or output of the model has no name");
    const bool engine = model.platform == TritonPlatform::kEngine;
    if (row == std::end(kTypeNames) || (engine && !row->in_engines))
      return Unsupported("Triton can't serve '" + port.name + "' of type " + port.type +
                         (engine ? " from a TensorRT engine" : " from an ONNX model"));
    EDGEOPT_TRY(const std::string dims, Dims(port, model.max_batch_size > 0));
    text += "  {\n    name: " + Quoted(port.name) +
            "\n    data_type: " + std::string(row->tritons) + "\n" + dims +
            (&port == &ports.back() ? "  }\n" : "  },\n");
  }
  return text + "]\n";
}

std::string InstanceGroup(const TritonModel& model) {
  if (!model.dla_core) return {};
  return "instance_group [\n  {\n    kind: KIND_GPU\n    secondary_devices [\n      {\n"
         "        kind: KIND_NVDLA\n        device_id: " +
         std::to_string(*model.dla_core) + "\n      }\n    ]\n  }\n]\n";
}

}  // namespace

Result<std::string> TritonConfig(const TritonModel& model) {
  if (model.name.empty() || model.name.find('/') != std::string::npos || model.name[0] == '.')
    return BadInput("'" + model.name + "' can't be the name of a folder in Triton's repository");
  if (model.file.empty() || model.file.find('/') != std::string::npos)
    return BadInput("'" + model.file + "' can't be the model's file name");
  if (model.inputs.empty() || model.outputs.empty() || model.max_batch_size < 0)
    return BadInput("Triton needs inputs, outputs and a largest batch that is not negative");
  EDGEOPT_TRY(const std::string inputs, PortList("input", model.inputs, model));
  EDGEOPT_TRY(const std::string outputs, PortList("output", model.outputs, model));
  const char* platform =
      model.platform == TritonPlatform::kEngine ? "tensorrt_plan" : "onnxruntime_onnx";
  return "name: " + Quoted(model.name) + "\nplatform: \"" + platform +
         "\"\nmax_batch_size: " + std::to_string(model.max_batch_size) +
         "\ndefault_model_filename: " + Quoted(model.file) + "\n" + inputs + outputs +
         InstanceGroup(model);
}

}  // namespace edgeopt::package
