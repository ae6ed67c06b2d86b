// TensorProto and SparseTensorProto to and from the IR's tensors. Data that a file keeps in the
// typed fields (float_data, int32_data ...) becomes raw_data layout; raw_data is moved, not copied.
#include <cstring>
#include <limits>
#include <memory>

#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {
namespace {

using ir::DataType;

// Which repeated field holds the elements of a type when raw_data is not used.
enum class Field { kFloat, kInt32, kInt64, kDouble, kUint64, kString };

Field FieldOf(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return Field::kFloat;
    case DataType::kFloat64:
    case DataType::kComplex128:
      return Field::kDouble;
    case DataType::kInt64:
      return Field::kInt64;
    case DataType::kUint32:
    case DataType::kUint64:
      return Field::kUint64;
    case DataType::kString:
      return Field::kString;
    default:
      return Field::kInt32;
  }
}

const char* Name(Field field) {
  switch (field) {
    case Field::kFloat:
      return "float_data";
    case Field::kInt32:
      return "int32_data";
    case Field::kInt64:
      return "int64_data";
    case Field::kDouble:
      return "double_data";
    case Field::kUint64:
      return "uint64_data";
    case Field::kString:
      return "string_data";
  }
  return "";
}

Status CheckFields(const onnx::TensorProto& proto, Field expected) {
  const auto check = [&](int size, Field field) -> Status {
    if (size == 0 || field == expected) return OkStatus();
    return BadInput(std::string("the data is in ") + Name(field) + ", expected in " +
                    Name(expected) + " or raw_data");
  };
  EDGEOPT_CHECK_OK(check(proto.float_data_size(), Field::kFloat));
  EDGEOPT_CHECK_OK(check(proto.int32_data_size(), Field::kInt32));
  EDGEOPT_CHECK_OK(check(proto.int64_data_size(), Field::kInt64));
  EDGEOPT_CHECK_OK(check(proto.double_data_size(), Field::kDouble));
  EDGEOPT_CHECK_OK(check(proto.uint64_data_size(), Field::kUint64));
  return check(proto.string_data_size(), Field::kString);
}

template <typename To, typename From>
Buffer Narrowed(const google::protobuf::RepeatedField<From>& values) {
  std::vector<std::byte> bytes(static_cast<size_t>(values.size()) * sizeof(To));
  for (int i = 0; i < values.size(); ++i) {
    const To narrow = static_cast<To>(values[i]);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(To), &narrow, sizeof(To));
  }
  return Buffer::Own(std::move(bytes));
}

// int32_data holds one 6-bit element per entry; raw_data is a stream of bits.
Buffer PackedSixBits(const google::protobuf::RepeatedField<int32_t>& values) {
  std::vector<std::byte> bytes((static_cast<size_t>(values.size()) * 6 + 7) / 8);
  for (int i = 0; i < values.size(); ++i)
    for (int bit = 0; bit < 6; ++bit)
      if ((static_cast<uint32_t>(values[i]) >> bit) & 1u) {
        const auto position = static_cast<size_t>(i) * 6 + static_cast<size_t>(bit);
        bytes[position / 8] |= std::byte{1} << (position % 8);
      }
  return Buffer::Own(std::move(bytes));
}

// The bytes of the typed field, in raw_data layout. Two- and four-bit elements: an int32_data entry
// is one byte of packed elements (onnx.proto, TensorProto.int32_data).
Buffer TypedData(const onnx::TensorProto& proto, DataType type) {
  switch (FieldOf(type)) {
    case Field::kFloat:
      return Narrowed<float>(proto.float_data());
    case Field::kDouble:
      return Narrowed<double>(proto.double_data());
    case Field::kInt64:
      return Narrowed<int64_t>(proto.int64_data());
    case Field::kUint64:
      return type == DataType::kUint32 ? Narrowed<uint32_t>(proto.uint64_data())
                                       : Narrowed<uint64_t>(proto.uint64_data());
    case Field::kInt32:
      if (ir::BitsOf(type) == 32) return Narrowed<int32_t>(proto.int32_data());
      if (ir::BitsOf(type) == 16) return Narrowed<uint16_t>(proto.int32_data());
      if (ir::BitsOf(type) == 6) return PackedSixBits(proto.int32_data());
      return Narrowed<uint8_t>(proto.int32_data());
    case Field::kString:
      break;
  }
  return {};
}

Result<ir::Tensor> StringTensor(onnx::TensorProto& proto, ir::Dims dims) {
  if (proto.has_raw_data() && !proto.raw_data().empty())
    return BadInput("strings are stored in raw_data, expected in string_data");
  std::vector<std::string> strings;
  strings.reserve(static_cast<size_t>(proto.string_data_size()));
  for (std::string& text : *proto.mutable_string_data()) strings.push_back(std::move(text));
  return ir::Tensor::MakeStrings(std::move(dims), std::move(strings));
}

Result<ir::Tensor> DataFromProto(onnx::TensorProto& proto, const ExternalData& external) {
  if (proto.has_segment())
    return Unsupported("a tensor stored in segments", "export the model without segments");
  if (proto.data_type() <= 0 || proto.data_type() > ir::kLastDataType)
    return Unsupported("unknown element type number " + std::to_string(proto.data_type()));
  if (proto.dims_size() > kMaxRank)
    return Unsupported("a tensor of rank " + std::to_string(proto.dims_size()) +
                       ", more than the supported " + std::to_string(kMaxRank));
  const auto type = static_cast<DataType>(proto.data_type());
  ir::Dims dims(proto.dims().begin(), proto.dims().end());
  EDGEOPT_CHECK_OK(ir::ElementCount(dims));
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return external(proto, type, std::move(dims));
  EDGEOPT_CHECK_OK(CheckFields(proto, FieldOf(type)));
  if (type == DataType::kString) return StringTensor(proto, std::move(dims));
  const bool typed = proto.float_data_size() + proto.int32_data_size() + proto.int64_data_size() +
                         proto.double_data_size() + proto.uint64_data_size() >
                     0;
  if (typed && !proto.raw_data().empty())
    return BadInput(std::string("the data is both in raw_data and in ") + Name(FieldOf(type)));
  if (typed) return ir::Tensor::Make(type, std::move(dims), TypedData(proto, type));
  return ir::Tensor::Make(type, std::move(dims), Buffer::Own(std::move(*proto.mutable_raw_data())));
}

Status CheckIndices(const ir::SparseTensor& tensor) {
  const int64_t count = tensor.values.size();
  const auto rank = static_cast<int64_t>(tensor.dims.size());
  const ir::Dims& dims = tensor.indices.dims();
  if (tensor.values.rank() != 1)
    return BadInput("the values have shape " + ir::ToString(tensor.values.dims()) +
                    ", expected one dimension");
  if (tensor.indices.type() != DataType::kInt64)
    return BadInput("the indices are " + std::string(ir::Name(tensor.indices.type())) +
                    ", expected int64");
  const bool linear = dims.size() == 1 && dims[0] == count;
  const bool coordinates = dims.size() == 2 && dims[0] == count && dims[1] == rank;
  if (!linear && !coordinates)
    return BadInput("the indices have shape " + ir::ToString(dims) + ", expected [" +
                    std::to_string(count) + "] or [" + std::to_string(count) + ", " +
                    std::to_string(rank) + "]");
  EDGEOPT_TRY(const int64_t dense, ir::ElementCount(tensor.dims));
  const auto indices = tensor.indices.as<int64_t>();
  for (size_t i = 0; i < indices.size(); ++i) {
    const int64_t bound = linear ? dense : tensor.dims[i % static_cast<size_t>(rank)];
    if (indices[i] < 0 || indices[i] >= bound)
      return BadInput("index " + std::to_string(indices[i]) + " lies outside of " +
                      ir::ToString(tensor.dims));
  }
  return OkStatus();
}

}  // namespace

Result<ir::Tensor> TensorFromProto(onnx::TensorProto& proto, const ExternalData& external) {
  auto tensor = DataFromProto(proto, external);
  if (!tensor.ok()) return tensor.error().Within("tensor '" + proto.name() + "'");
  if (proto.has_name()) tensor->name = proto.name();
  if (proto.has_doc_string()) tensor->doc_string = proto.doc_string();
  if (proto.metadata_props_size() > 0) tensor->metadata = MetadataFromProto(proto.metadata_props());
  onnx::TensorProto().Swap(&proto);  // gives the memory back at once
  return tensor;
}

Result<ir::SparseTensor> SparseTensorFromProto(onnx::SparseTensorProto& proto,
                                               const ExternalData& external) {
  const std::string where = "sparse tensor '" + proto.values().name() + "'";
  ir::SparseTensor tensor;
  if (proto.dims_size() > kMaxRank) return Unsupported(where + ": more than 64 dimensions");
  tensor.dims.assign(proto.dims().begin(), proto.dims().end());
  EDGEOPT_TRY(tensor.values, TensorFromProto(*proto.mutable_values(), external));
  if (proto.has_indices()) {
    EDGEOPT_TRY(tensor.indices, TensorFromProto(*proto.mutable_indices(), external));
  } else {
    tensor.indices = ir::Tensor::Zeros(DataType::kInt64, {0});
  }
  const Status indices = CheckIndices(tensor);
  if (!indices.ok()) return indices.error().Within(where);
  return tensor;
}

void FillData(const ir::Tensor& tensor, onnx::TensorProto& proto) {
  if (tensor.type() == DataType::kString) {
    for (const std::string& text : tensor.strings()) proto.add_string_data(text);
  } else if (tensor.size() > 0) {
    proto.set_raw_data(tensor.data().data(), tensor.data().size());
  }
}

void TensorToProto(const ir::Tensor& tensor, const TensorFiller& fill, onnx::TensorProto& proto) {
  for (const int64_t dim : tensor.dims()) proto.add_dims(dim);
  proto.set_data_type(static_cast<int32_t>(tensor.type()));
  if (!tensor.name.empty()) proto.set_name(tensor.name);
  if (!tensor.doc_string.empty()) proto.set_doc_string(tensor.doc_string);
  for (const auto& [key, value] : tensor.metadata) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  fill(tensor, proto);
}

}  // namespace edgeopt::formats::internal
