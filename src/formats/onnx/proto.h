// Between ModelProto and the IR. Internal to formats/onnx: the one header that shows protobuf
// types.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "onnx/onnx_pb.h"

namespace edgeopt::formats::internal {

// No runtime computes with more dimensions; a bound keeps hostile files small in memory.
inline constexpr int kMaxRank = 64;

// --- from protobuf (from_proto.cc, from_proto_node.cc, tensor_proto.cc, type_proto.cc) ---

// Gives the tensor whose TensorProto says EXTERNAL; type and dims have been checked.
using ExternalData =
    std::function<Result<ir::Tensor>(const onnx::TensorProto&, ir::DataType, ir::Dims)>;

// Takes the model apart: large strings are moved out of `proto`. The result is verified and sorted.
Result<ir::Model> FromProto(onnx::ModelProto& proto, const ExternalData& external);
// Takes the data out of `proto`.
Result<ir::Tensor> TensorFromProto(onnx::TensorProto& proto, const ExternalData& external);
Result<ir::SparseTensor> SparseTensorFromProto(onnx::SparseTensorProto& proto,
                                               const ExternalData& external);
Result<ir::Type> TypeFromProto(const onnx::TypeProto& proto);
ir::Metadata MetadataFromProto(
    const google::protobuf::RepeatedPtrField<onnx::StringStringEntryProto>& entries);

// --- to protobuf (to_proto.cc, tensor_proto.cc, type_proto.cc) ---

// Puts a tensor's data into a TensorProto whose type, dims and name are set already.
using TensorFiller = std::function<void(const ir::Tensor&, onnx::TensorProto&)>;

struct ToProtoOptions {
  TensorFiller fill;                       // empty: FillData
  bool without_main_initializers = false;  // leave out the dense ones of the main graph
};
onnx::ModelProto ToProto(const ir::Model& model, const ToProtoOptions& options = {});
// All the data: raw_data, or string_data.
void FillData(const ir::Tensor& tensor, onnx::TensorProto& proto);
void TensorToProto(const ir::Tensor& tensor, const TensorFiller& fill, onnx::TensorProto& proto);
void TypeToProto(const ir::Type& type, onnx::TypeProto& proto);

// --- a model without its heavy weights, for ONNX's services ---

// Large tensors travel through a service as EXTERNAL tensors named by number, and come back.
class Shell {
 public:
  // Tensors of at most this many elements stay inside: shapes, axes, scales, limits.
  static constexpr int64_t kSmallElements = 1024;

  TensorFiller Filler();
  ExternalData Lookup() const;

 private:
  std::vector<ir::Tensor> tensors_;
};

}  // namespace edgeopt::formats::internal
