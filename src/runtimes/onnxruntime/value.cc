#include "runtimes/onnxruntime/value.h"

namespace edgeopt::runtimes::ort {
namespace {

// Up to float4e2m1 ONNX Runtime counts like ONNX. What its newer headers add is in the order in
// which it came to ONNX Runtime (read from sessions of 1.31.1).
constexpr int kLastCommon = 23;
constexpr std::pair<ir::DataType, int> kOthers[] = {
    {ir::DataType::kUint2, 24}, {ir::DataType::kInt2, 25}, {ir::DataType::kFloat8E8M0, 26}};

Result<ir::Tensor> StringTensor(const Library& library, const OrtValue* value, ir::Dims dims,
                                size_t count) {
  size_t length = 0;
  EDGEOPT_CHECK_OK(library.Require(library.api().GetStringTensorDataLength(value, &length)));
  std::string text(length, '\0');
  std::vector<size_t> offsets(count);
  EDGEOPT_CHECK_OK(library.Require(
      library.api().GetStringTensorContent(value, text.data(), length, offsets.data(), count)));
  std::vector<std::string> strings(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t end = i + 1 < count ? offsets[i + 1] : length;
    strings[i] = text.substr(offsets[i], end - offsets[i]);
  }
  return ir::Tensor::MakeStrings(std::move(dims), std::move(strings));
}

Result<ir::Tensor> ToTensor(const LibraryPtr& library, ValueHandle value) {
  const OrtApi& api = library->api();
  OrtTensorTypeAndShapeInfo* raw_info = nullptr;
  EDGEOPT_CHECK_OK(library->Require(api.GetTensorTypeAndShape(value.get(), &raw_info)));
  const auto info = Own(raw_info, api.ReleaseTensorTypeAndShapeInfo);
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0, count = 0;
  EDGEOPT_CHECK_OK(library->Require(api.GetTensorElementType(info.get(), &element)));
  EDGEOPT_CHECK_OK(library->Require(api.GetDimensionsCount(info.get(), &rank)));
  EDGEOPT_CHECK_OK(library->Require(api.GetTensorShapeElementCount(info.get(), &count)));
  ir::Dims dims(rank);
  EDGEOPT_CHECK_OK(library->Require(api.GetDimensions(info.get(), dims.data(), rank)));
  const ir::DataType type = FromOrt(element);
  if (type == ir::DataType::kUndefined)
    return Unsupported("tensors of ONNX Runtime's type " + std::to_string(element));
  if (type == ir::DataType::kString) return StringTensor(*library, value.get(), dims, count);
  void* data = nullptr;
  EDGEOPT_CHECK_OK(library->Require(api.GetTensorMutableData(value.get(), &data)));
  const auto size = static_cast<size_t>(ir::StorageBytes(type, static_cast<int64_t>(count)));
  // The buffer keeps both the value and the library that frees it.
  std::shared_ptr<const void> owner(value.release(), [library](const void* held) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    library->api().ReleaseValue(const_cast<OrtValue*>(static_cast<const OrtValue*>(held)));
  });
  return ir::Tensor::Make(type, std::move(dims), Buffer::Share(std::move(owner), data, size));
}

}  // namespace

ONNXTensorElementDataType ToOrt(ir::DataType type) {
  const int number = static_cast<int>(type);
  if (number <= kLastCommon) return static_cast<ONNXTensorElementDataType>(number);
  for (const auto& [ours, theirs] : kOthers)
    if (ours == type) return static_cast<ONNXTensorElementDataType>(theirs);
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

ir::DataType FromOrt(ONNXTensorElementDataType type) {
  const int number = static_cast<int>(type);
  if (number <= kLastCommon) return static_cast<ir::DataType>(number);
  for (const auto& [ours, theirs] : kOthers)
    if (theirs == number) return ours;
  return ir::DataType::kUndefined;
}

Result<ValueHandle> ViewOf(const LibraryPtr& library, const ir::Tensor& tensor) {
  const OrtApi& api = library->api();
  const ONNXTensorElementDataType type = ToOrt(tensor.type());
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED)
    return Unsupported("ONNX Runtime has no tensors of " + std::string(Name(tensor.type())));
  OrtValue* value = nullptr;
  const ir::Dims& dims = tensor.dims();
  if (tensor.type() == ir::DataType::kString) {
    EDGEOPT_CHECK_OK(library->Require(
        api.CreateTensorAsOrtValue(library->allocator(), dims.data(), dims.size(), type, &value)));
    auto owned = Own(value, api.ReleaseValue);
    std::vector<const char*> pointers;
    for (const std::string& text : tensor.strings()) pointers.push_back(text.c_str());
    EDGEOPT_CHECK_OK(
        library->Require(api.FillStringTensor(value, pointers.data(), pointers.size())));
    return owned;
  }
  // The interface wants a mutable pointer; inputs are only read. An empty tensor still needs one.
  static std::byte none{};
  const std::byte* data = tensor.data().empty() ? &none : tensor.data().data();
  EDGEOPT_CHECK_OK(library->Require(api.CreateTensorWithDataAsOrtValue(
      library->cpu_memory(), const_cast<std::byte*>(data),  // NOLINT: see above
      tensor.data().size(), dims.data(), dims.size(), type, &value)));
  return Own(value, api.ReleaseValue);
}

Result<ValueHandle> SequenceOf(const LibraryPtr& library,
                               const std::vector<const ir::Tensor*>& tensors) {
  if (tensors.empty()) return Unsupported("ONNX Runtime's interface makes no empty sequence");
  std::vector<ValueHandle> elements;
  std::vector<const OrtValue*> pointers;
  for (const ir::Tensor* tensor : tensors) {
    EDGEOPT_TRY(auto element, ViewOf(library, *tensor));
    pointers.push_back(element.get());
    elements.push_back(std::move(element));
  }
  OrtValue* value = nullptr;
  EDGEOPT_CHECK_OK(library->Require(
      library->api().CreateValue(pointers.data(), pointers.size(), ONNX_TYPE_SEQUENCE, &value)));
  return Own(value, library->api().ReleaseValue);
}

Status AppendTensors(const LibraryPtr& library, ValueHandle value, const std::string& name,
                     std::vector<ir::Tensor>& tensors) {
  const OrtApi& api = library->api();
  int has_value = 0;
  EDGEOPT_CHECK_OK(library->Require(api.HasValue(value.get(), &has_value)));
  if (has_value == 0) return OkStatus();
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  EDGEOPT_CHECK_OK(library->Require(api.GetValueType(value.get(), &kind)));
  if (kind == ONNX_TYPE_TENSOR) {
    auto tensor = ToTensor(library, std::move(value));
    if (!tensor.ok()) return tensor.error().Within("output '" + name + "'");
    tensor->name = name;
    tensors.push_back(std::move(tensor).value());
    return OkStatus();
  }
  if (kind != ONNX_TYPE_SEQUENCE)
    return Unsupported("output '" + name +
                       "' is neither a tensor nor a sequence of tensors (kind " +
                       std::to_string(kind) + " of ONNX Runtime)");
  size_t count = 0;
  EDGEOPT_CHECK_OK(library->Require(api.GetValueCount(value.get(), &count)));
  for (size_t i = 0; i < count; ++i) {
    OrtValue* element = nullptr;
    EDGEOPT_CHECK_OK(library->Require(
        api.GetValue(value.get(), static_cast<int>(i), library->allocator(), &element)));
    EDGEOPT_CHECK_OK(AppendTensors(library, Own(element, api.ReleaseValue),
                                   name + "[" + std::to_string(i) + "]", tensors));
  }
  return OkStatus();
}

}  // namespace edgeopt::runtimes::ort
