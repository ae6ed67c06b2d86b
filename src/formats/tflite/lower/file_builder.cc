#include "formats/tflite/lower/file_builder.h"

#include <algorithm>
#include <limits>

#include "formats/tflite/lower/op_version.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using schema::TensorType;

constexpr uint32_t kSchemaVersion = 3;
constexpr const char* kSignature = "serving_default";

Result<int32_t> ToInt32(int64_t size, std::string_view name) {
  if (size < 0 || size > std::numeric_limits<int32_t>::max())
    return Unsupported("'" + std::string(name) + "' has a dimension of " + std::to_string(size) +
                       "; TFLite's sizes are 32-bit numbers");
  return static_cast<int32_t>(size);
}

// TFLite packs 4-bit elements two to a byte and pads the last one, as the IR does; bytes agree for
// every type that both have.
Buffer BytesOf(const ir::Tensor& tensor) {
  return tensor.size() == 0 ? EmptyData() : tensor.data();
}

std::vector<std::unique_ptr<schema::TensorMapT>> ToMaps(
    const std::vector<std::pair<std::string, TensorIndex>>& named) {
  std::vector<std::unique_ptr<schema::TensorMapT>> maps;
  for (const auto& [name, index] : named) {
    auto map = std::make_unique<schema::TensorMapT>();
    map->name = name;
    map->tensor_index = static_cast<uint32_t>(index);
    maps.push_back(std::move(map));
  }
  return maps;
}

std::vector<int32_t> Indices(const std::vector<std::pair<std::string, TensorIndex>>& named) {
  std::vector<int32_t> indices;
  for (const auto& [name, index] : named) indices.push_back(index);
  return indices;
}

}  // namespace

Result<TensorType> TensorTypeOf(ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat32:
      return TensorType::FLOAT32;
    case ir::DataType::kFloat16:
      return TensorType::FLOAT16;
    case ir::DataType::kFloat64:
      return TensorType::FLOAT64;
    case ir::DataType::kInt8:
      return TensorType::INT8;
    case ir::DataType::kUint8:
      return TensorType::UINT8;
    case ir::DataType::kInt16:
      return TensorType::INT16;
    case ir::DataType::kUint16:
      return TensorType::UINT16;
    case ir::DataType::kInt32:
      return TensorType::INT32;
    case ir::DataType::kUint32:
      return TensorType::UINT32;
    case ir::DataType::kInt64:
      return TensorType::INT64;
    case ir::DataType::kUint64:
      return TensorType::UINT64;
    case ir::DataType::kBool:
      return TensorType::BOOL;
    case ir::DataType::kInt4:
      return TensorType::INT4;
    default:
      return Unsupported("TFLite has no tensors of type " + std::string(ir::Name(type)));
  }
}

FileBuilder::FileBuilder(std::string description) {
  file_.model.version = kSchemaVersion;
  file_.model.description = std::move(description);
  Open("main");
  AddBuffer({});  // buffer 0 is empty: that of tensors without data
}

int32_t FileBuilder::Open(std::string_view name) {
  open_.push_back({file_.model.subgraphs.size(), {}});
  file_.model.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
  graph().name = name;
  return static_cast<int32_t>(open_.back().index);
}

void FileBuilder::Close() { open_.pop_back(); }

uint32_t FileBuilder::AddBuffer(Buffer data) {
  const auto next = static_cast<uint32_t>(file_.buffers.size());
  const auto [known, added] = buffers_.emplace(
      std::pair<const void*, size_t>(data.data(), static_cast<size_t>(data.size())), next);
  if (!added) return known->second;
  file_.model.buffers.push_back(std::make_unique<schema::BufferT>());
  file_.buffers.push_back(std::move(data));
  return next;
}

std::string FileBuilder::UniqueName(std::string_view name) {
  std::string unique(name.empty() ? "tensor" : name);
  for (int64_t count = names_[unique]++; count != 0; count = names_[unique]++)
    unique = std::string(name) + "_" + std::to_string(count);
  return unique;
}

TensorIndex FileBuilder::Append(std::string_view name, TensorType type, std::vector<int32_t> shape,
                                const Quantization* quantization) {
  auto tensor = std::make_unique<schema::TensorT>();
  tensor->name = UniqueName(name);
  tensor->type = type;
  tensor->shape = std::move(shape);
  tensor->has_rank = true;
  if (quantization != nullptr) {
    tensor->quantization = std::make_unique<schema::QuantizationParametersT>();
    tensor->quantization->scale = quantization->scales;
    tensor->quantization->zero_point = quantization->zero_points;
    tensor->quantization->quantized_dimension = quantization->axis;
  }
  graph().tensors.push_back(std::move(tensor));
  return static_cast<TensorIndex>(graph().tensors.size() - 1);
}

Result<TensorIndex> FileBuilder::AddTensor(std::string_view name, ir::DataType type,
                                           const ir::Shape& shape,
                                           const Quantization* quantization) {
  EDGEOPT_TRY(const TensorType tensor_type, TensorTypeOf(type));
  return AddTensor(name, tensor_type, shape, quantization);
}

Result<TensorIndex> FileBuilder::AddTensorLike(std::string_view name, TensorIndex like,
                                               const ir::Shape& shape) {
  const schema::QuantizationParametersT* given = tensor(like).quantization.get();
  Quantization quantization;
  if (given != nullptr)
    quantization = {given->scale, given->zero_point, given->quantized_dimension};
  return AddTensor(name, tensor(like).type, shape, given != nullptr ? &quantization : nullptr);
}

ir::Shape FileBuilder::ShapeOf(TensorIndex index) const {
  if (index == kOmitted) return {};
  const schema::TensorT& of = tensor(index);
  ir::Shape shape;
  for (size_t i = 0; i < of.shape.size(); ++i) {
    const bool known = of.shape_signature.empty() || of.shape_signature[i] >= 0;
    shape.push_back(known ? ir::Dim::Of(of.shape[i]) : ir::Dim{});
  }
  return shape;
}

Result<TensorIndex> FileBuilder::AddTensor(std::string_view name, TensorType tensor_type,
                                           const ir::Shape& shape,
                                           const Quantization* quantization) {
  std::vector<int32_t> sizes, signature;
  bool dynamic = false;
  for (const ir::Dim& dim : shape) {
    EDGEOPT_TRY(const int32_t size, ToInt32(dim.value.value_or(1), name));
    sizes.push_back(size);
    signature.push_back(dim.value ? size : -1);
    dynamic |= !dim.value;
  }
  const TensorIndex index = Append(name, tensor_type, std::move(sizes), quantization);
  if (dynamic) graph().tensors[static_cast<size_t>(index)]->shape_signature = std::move(signature);
  return index;
}

Result<TensorIndex> FileBuilder::AddConstant(std::string_view name, const ir::Tensor& tensor,
                                             const Quantization* quantization) {
  EDGEOPT_TRY(const TensorType type, TensorTypeOf(tensor.type()));
  std::vector<int32_t> shape;
  for (const int64_t dim : tensor.dims()) {
    EDGEOPT_TRY(const int32_t size, ToInt32(dim, name));
    shape.push_back(size);
  }
  const auto key = std::pair(type, shape);
  if (quantization == nullptr) {
    const auto [first, last] = open_.back().constants.equal_range(key);
    for (auto it = first; it != last; ++it) {
      const Buffer& known = file_.buffers[this->tensor(it->second).buffer];
      if (std::ranges::equal(known.bytes(), tensor.data().bytes())) return it->second;
    }
  }
  const TensorIndex index = Append(name, type, std::move(shape), quantization);
  graph().tensors[static_cast<size_t>(index)]->buffer = AddBuffer(BytesOf(tensor));
  if (quantization == nullptr) open_.back().constants.emplace(key, index);
  return index;
}

uint32_t FileBuilder::CodeIndex(Op op) {
  const auto [it, added] = codes_.emplace(op, static_cast<uint32_t>(codes_.size()));
  if (added) {
    auto code = std::make_unique<schema::OperatorCodeT>();
    code->builtin_code = op;
    file_.model.operator_codes.push_back(std::move(code));
  }
  return it->second;
}

schema::OperatorT& FileBuilder::Append(Op op, std::vector<TensorIndex> inputs,
                                       std::vector<TensorIndex> outputs) {
  auto added = std::make_unique<schema::OperatorT>();
  added->opcode_index = CodeIndex(op);
  added->inputs = std::move(inputs);
  added->outputs = std::move(outputs);
  graph().operators.push_back(std::move(added));
  return *graph().operators.back();
}

void FileBuilder::SetInputs(std::vector<std::pair<std::string, TensorIndex>> inputs) {
  graph().inputs = Indices(inputs);
  inputs_ = std::move(inputs);
}

void FileBuilder::SetOutputs(std::vector<std::pair<std::string, TensorIndex>> outputs) {
  graph().outputs = Indices(outputs);
  outputs_ = std::move(outputs);
}

File FileBuilder::Finish() && {
  auto signature = std::make_unique<schema::SignatureDefT>();
  signature->signature_key = kSignature;
  signature->inputs = ToMaps(inputs_);
  signature->outputs = ToMaps(outputs_);
  file_.model.signature_defs.push_back(std::move(signature));
  SetVersions(file_);
  return std::move(file_);
}

}  // namespace edgeopt::formats::tflite::lower
