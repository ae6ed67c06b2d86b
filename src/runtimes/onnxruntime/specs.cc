#include "runtimes/onnxruntime/specs.h"

#include "runtimes/onnxruntime/value.h"

namespace edgeopt::runtimes::ort {
namespace {

using GetCount = decltype(OrtApi::SessionGetInputCount);
using GetName = decltype(OrtApi::SessionGetInputName);
using GetTypeInfo = decltype(OrtApi::SessionGetInputTypeInfo);

Status ReadTensor(const Library& library, const OrtTensorTypeAndShapeInfo* info, TensorSpec& spec) {
  const OrtApi& api = library.api();
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  EDGEOPT_CHECK_OK(library.Require(api.GetTensorElementType(info, &element)));
  EDGEOPT_CHECK_OK(library.Require(api.GetDimensionsCount(info, &rank)));
  spec.type = FromOrt(element);
  spec.dims.resize(rank);
  EDGEOPT_CHECK_OK(library.Require(api.GetDimensions(info, spec.dims.data(), rank)));
  std::vector<const char*> symbols(rank, nullptr);
  EDGEOPT_CHECK_OK(library.Require(api.GetSymbolicDimensions(info, symbols.data(), rank)));
  for (const char* symbol : symbols) spec.symbols.emplace_back(symbol == nullptr ? "" : symbol);
  return OkStatus();
}

Status ReadType(const Library& library, const OrtTypeInfo* info, TensorSpec& spec) {
  const OrtApi& api = library.api();
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  EDGEOPT_CHECK_OK(library.Require(api.GetOnnxTypeFromTypeInfo(info, &kind)));
  if (kind == ONNX_TYPE_TENSOR) {
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;
    EDGEOPT_CHECK_OK(library.Require(api.CastTypeInfoToTensorInfo(info, &tensor)));
    return ReadTensor(library, tensor, spec);
  }
  if (kind == ONNX_TYPE_OPTIONAL) {
    const OrtOptionalTypeInfo* optional = nullptr;
    OrtTypeInfo* content = nullptr;
    EDGEOPT_CHECK_OK(library.Require(api.CastTypeInfoToOptionalTypeInfo(info, &optional)));
    EDGEOPT_CHECK_OK(library.Require(api.GetOptionalContainedTypeInfo(optional, &content)));
    const auto owned = Own(content, api.ReleaseTypeInfo);
    spec.optional = true;
    return ReadType(library, content, spec);
  }
  if (kind == ONNX_TYPE_SEQUENCE && !spec.sequence) {
    const OrtSequenceTypeInfo* sequence = nullptr;
    OrtTypeInfo* element = nullptr;
    EDGEOPT_CHECK_OK(library.Require(api.CastTypeInfoToSequenceTypeInfo(info, &sequence)));
    EDGEOPT_CHECK_OK(library.Require(api.GetSequenceElementType(sequence, &element)));
    const auto owned = Own(element, api.ReleaseTypeInfo);
    spec.sequence = true;
    return ReadType(library, element, spec);
  }
  return OkStatus();  // spec.type stays kUndefined
}

Result<std::vector<TensorSpec>> ReadSpecs(const Library& library, const OrtSession* session,
                                          GetCount get_count, GetName get_name,
                                          GetTypeInfo get_type) {
  const OrtApi& api = library.api();
  size_t count = 0;
  EDGEOPT_CHECK_OK(library.Require(get_count(session, &count)));
  std::vector<TensorSpec> specs(count);
  for (size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    OrtTypeInfo* info = nullptr;
    EDGEOPT_CHECK_OK(library.Require(get_name(session, i, library.allocator(), &name)));
    specs[i].name = name;
    EDGEOPT_CHECK_OK(library.Require(api.AllocatorFree(library.allocator(), name)));
    EDGEOPT_CHECK_OK(library.Require(get_type(session, i, &info)));
    const auto owned = Own(info, api.ReleaseTypeInfo);
    EDGEOPT_CHECK_OK(ReadType(library, info, specs[i]));
  }
  return specs;
}

}  // namespace

Result<std::vector<TensorSpec>> ReadInputSpecs(const Library& library, const OrtSession* session) {
  const OrtApi& api = library.api();
  return ReadSpecs(library, session, api.SessionGetInputCount, api.SessionGetInputName,
                   api.SessionGetInputTypeInfo);
}

Result<std::vector<TensorSpec>> ReadOutputSpecs(const Library& library, const OrtSession* session) {
  const OrtApi& api = library.api();
  return ReadSpecs(library, session, api.SessionGetOutputCount, api.SessionGetOutputName,
                   api.SessionGetOutputTypeInfo);
}

}  // namespace edgeopt::runtimes::ort
