// Verify: what concerns the model as a whole.
#include "formats/tflite/verify.h"

#include <algorithm>
#include <functional>
#include <set>

namespace edgeopt::formats::tflite {
namespace internal {

std::string Named(const char* what, size_t index, const std::string& name) {
  const std::string numbered = std::string(what) + " " + std::to_string(index);
  return name.empty() ? numbered : numbered + " ('" + name + "')";
}

std::string NameOf(const schema::SubGraphT& subgraph, int32_t tensor) {
  const auto index = static_cast<size_t>(tensor);
  return Named("tensor", index, subgraph.tensors[index]->name);
}

std::string ToText(const std::vector<int32_t>& values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

}  // namespace internal
namespace {

using internal::Named;

constexpr uint32_t kVersion = 3;

// A reader never makes such objects: whoever built the model did.
template <typename T>
Status CheckPresent(const std::vector<std::unique_ptr<T>>& objects, const char* what) {
  for (const auto& object : objects)
    if (object == nullptr) return Internal(std::string("a TFLite model has a null ") + what);
  return OkStatus();
}

Status CheckObjects(const File& file) {
  const schema::ModelT& model = file.model;
  EDGEOPT_CHECK_OK(CheckPresent(model.operator_codes, "operator code"));
  EDGEOPT_CHECK_OK(CheckPresent(model.subgraphs, "subgraph"));
  EDGEOPT_CHECK_OK(CheckPresent(model.metadata, "metadata"));
  EDGEOPT_CHECK_OK(CheckPresent(model.signature_defs, "signature"));
  EDGEOPT_CHECK_OK(CheckPresent(model.external_buffers, "external buffer"));
  EDGEOPT_CHECK_OK(CheckPresent(model.external_buffer_groups, "group of external buffers"));
  for (const auto& subgraph : model.subgraphs) {
    EDGEOPT_CHECK_OK(CheckPresent(subgraph->tensors, "tensor"));
    EDGEOPT_CHECK_OK(CheckPresent(subgraph->operators, "operator"));
  }
  for (const auto& signature : model.signature_defs) {
    EDGEOPT_CHECK_OK(CheckPresent(signature->inputs, "signature input"));
    EDGEOPT_CHECK_OK(CheckPresent(signature->outputs, "signature output"));
  }
  if (file.buffers.size() != model.buffers.size())
    return Internal("a TFLite model has " + std::to_string(model.buffers.size()) +
                    " buffers, and bytes for " + std::to_string(file.buffers.size()));
  return OkStatus();
}

Status CheckCodes(const schema::ModelT& model) {
  for (size_t i = 0; i < model.operator_codes.size(); ++i) {
    const schema::OperatorCodeT& code = *model.operator_codes[i];
    const std::string where = "operator code " + std::to_string(i);
    if (static_cast<int32_t>(code.builtin_code) < 0)
      return BadInput(where + " is " + std::to_string(static_cast<int32_t>(code.builtin_code)) +
                      ", expected 0 or above");
    if (code.builtin_code == schema::BuiltinOperator::CUSTOM && code.custom_code.empty())
      return BadInput(where + " is a custom operator without a name");
  }
  return OkStatus();
}

Status CheckMetadata(const File& file) {
  const size_t count = file.buffers.size();
  const auto outside = [&](const std::string& where, int64_t index) {
    return BadInput(where + " is in buffer " + std::to_string(index) + ", the model has " +
                    std::to_string(count));
  };
  for (const int32_t index : file.model.metadata_buffer)
    if (index < 0 || static_cast<size_t>(index) >= count) return outside("metadata", index);
  for (const auto& metadata : file.model.metadata)
    if (metadata->buffer >= count)
      return outside("metadata '" + metadata->name + "'", metadata->buffer);
  return OkStatus();
}

Status CheckSignature(const schema::ModelT& model, const schema::SignatureDefT& signature) {
  if (signature.subgraph_index >= model.subgraphs.size())
    return BadInput("subgraph " + std::to_string(signature.subgraph_index) + ", the model has " +
                    std::to_string(model.subgraphs.size()));
  const size_t count = model.subgraphs[signature.subgraph_index]->tensors.size();
  for (const auto* maps : {&signature.inputs, &signature.outputs})
    for (const auto& map : *maps)
      if (map->tensor_index >= count)
        return BadInput((maps == &signature.inputs ? "input '" : "output '") + map->name +
                        "' is tensor " + std::to_string(map->tensor_index) + ", the subgraph has " +
                        std::to_string(count));
  return OkStatus();
}

Status CheckExternalBuffers(const schema::ModelT& model) {
  std::set<uint32_t> ids;
  for (const auto& buffer : model.external_buffers) {
    const std::string where = "external buffer " + std::to_string(buffer->id);
    if (buffer->id == 0 || !ids.insert(buffer->id).second)
      return BadInput(where + ": the number is taken; expected distinct ones above 0");
    if (buffer->group >= model.external_buffer_groups.size())
      return BadInput(where + " is in group " + std::to_string(buffer->group) + ", the model has " +
                      std::to_string(model.external_buffer_groups.size()));
    if (buffer->offset + buffer->length < buffer->offset)
      return BadInput(where + ": its offset and length overflow");
  }
  return OkStatus();
}

// The indices are verified. A subgraph that ends up calling itself would never end.
Status CheckCalls(const schema::ModelT& model) {
  enum class State { kNew, kOpen, kDone };
  std::vector<State> states(model.subgraphs.size());
  std::vector<std::pair<size_t, std::vector<int64_t>>> path;  // subgraph, calls still to follow
  const auto open = [&](size_t index) {
    std::vector<int64_t> calls;
    for (const auto& op : model.subgraphs[index]->operators)
      for (const int64_t called : internal::CalledSubgraphs(*op)) calls.push_back(called);
    states[index] = State::kOpen;
    path.emplace_back(index, std::move(calls));
  };
  for (size_t first = 0; first < states.size(); ++first) {
    if (states[first] == State::kNew) open(first);
    while (!path.empty()) {
      auto& [index, calls] = path.back();
      if (calls.empty()) {
        states[index] = State::kDone;
        path.pop_back();
        continue;
      }
      const auto called = static_cast<size_t>(calls.back());
      calls.pop_back();
      if (states[called] == State::kOpen)
        return BadInput(Named("subgraph", called, model.subgraphs[called]->name) +
                        " calls itself, directly or through others");
      if (states[called] == State::kNew) open(called);
    }
  }
  return OkStatus();
}

Status CheckSubgraph(const File& file, const schema::SubGraphT& subgraph) {
  for (size_t i = 0; i < subgraph.tensors.size(); ++i) {
    const Status status = internal::VerifyTensor(file, subgraph, *subgraph.tensors[i]);
    if (!status.ok()) return status.error().Within(Named("tensor", i, subgraph.tensors[i]->name));
  }
  return internal::VerifyOperators(file, subgraph);
}

}  // namespace

Status Verify(const File& file) {
  const schema::ModelT& model = file.model;
  EDGEOPT_CHECK_OK(CheckObjects(file));
  if (model.version != kVersion)
    return Unsupported("the model has schema version " + std::to_string(model.version) +
                           ", expected " + std::to_string(kVersion),
                       "convert the model with a current TensorFlow");
  if (model.subgraphs.empty()) return BadInput("the model has no subgraph");
  EDGEOPT_CHECK_OK(CheckCodes(model));
  EDGEOPT_CHECK_OK(CheckMetadata(file));
  EDGEOPT_CHECK_OK(CheckExternalBuffers(model));
  for (size_t i = 0; i < model.subgraphs.size(); ++i) {
    const Status status = CheckSubgraph(file, *model.subgraphs[i]);
    if (!status.ok()) return status.error().Within(Named("subgraph", i, model.subgraphs[i]->name));
  }
  EDGEOPT_CHECK_OK(CheckCalls(model));
  for (const auto& signature : model.signature_defs) {
    const Status status = CheckSignature(model, *signature);
    if (!status.ok()) return status.error().Within("signature '" + signature->signature_key + "'");
  }
  return OkStatus();
}

}  // namespace edgeopt::formats::tflite
