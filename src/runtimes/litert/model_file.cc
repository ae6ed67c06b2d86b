#include "runtimes/litert/model_file.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtimes/litert/flatbuffer.h"

namespace edgeopt::runtimes::litert {
namespace {

// Fields of the schema's tables, by their numbers.
namespace model_field {
constexpr size_t kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4, kSignatures = 7;
}
namespace code_field {
constexpr size_t kOldCode = 0, kCustomCode = 1, kCode = 3;
}
namespace graph_field {
constexpr size_t kTensors = 0, kInputs = 1, kOutputs = 2, kOperators = 3;
}
namespace tensor_field {
constexpr size_t kShape = 0, kType = 1, kBuffer = 2, kName = 3, kQuantization = 4, kSignature = 7;
}
namespace quantization_field {
constexpr size_t kScale = 2, kZeroPoint = 3;
}
namespace operator_field {
constexpr size_t kCode = 0, kInputs = 1, kOutputs = 2;
}
namespace buffer_field {
constexpr size_t kData = 0, kOffset = 1;
}
namespace signature_field {
constexpr size_t kInputs = 0, kOutputs = 1, kSubgraph = 4;
}
namespace map_field {
constexpr size_t kName = 0, kTensor = 1;
}

struct TypeRow {
  const char* name;
  ir::DataType ours;
  ElementType theirs;
};
// In the order of the schema's TensorType.
constexpr TypeRow kTypes[] = {
    {"FLOAT32", ir::DataType::kFloat32, kElementFloat32},
    {"FLOAT16", ir::DataType::kFloat16, kElementFloat16},
    {"INT32", ir::DataType::kInt32, kElementInt32},
    {"UINT8", ir::DataType::kUint8, kElementUint8},
    {"INT64", ir::DataType::kInt64, kElementInt64},
    {"STRING", ir::DataType::kUndefined, kElementNone},
    {"BOOL", ir::DataType::kBool, kElementBool},
    {"INT16", ir::DataType::kInt16, kElementInt16},
    {"COMPLEX64", ir::DataType::kComplex64, kElementComplex64},
    {"INT8", ir::DataType::kInt8, kElementInt8},
    {"FLOAT64", ir::DataType::kFloat64, kElementFloat64},
    {"COMPLEX128", ir::DataType::kComplex128, kElementComplex128},
    {"UINT64", ir::DataType::kUint64, kElementUint64},
    {"RESOURCE", ir::DataType::kUndefined, kElementNone},
    {"VARIANT", ir::DataType::kUndefined, kElementNone},
    {"UINT32", ir::DataType::kUint32, kElementUint32},
    {"UINT16", ir::DataType::kUint16, kElementUint16},
    {"INT4", ir::DataType::kInt4, kElementInt4},
    {"BFLOAT16", ir::DataType::kBfloat16, kElementBfloat16},
    {"INT2", ir::DataType::kInt2, kElementInt2},
};

class FileReader {
 public:
  explicit FileReader(std::span<const std::byte> bytes) : file_(bytes) {}

  Result<ModelFile> Read() {
    const size_t model = file_.Root();
    const auto subgraphs = file_.VectorOf(model, model_field::kSubgraphs, 4);
    const auto signatures = file_.VectorOf(model, model_field::kSignatures, 4);
    const size_t signature = signatures.size == 0 ? 0 : file_.TableIn(signatures, 0);
    const auto index = file_.Scalar<uint32_t>(signature, signature_field::kSubgraph);
    if (!file_.ok() || index >= subgraphs.size) return Broken("it has no such subgraph");
    std::vector<ModelFile> bodies;
    for (size_t i = 0; file_.ok() && dangling_.empty() && i < subgraphs.size; ++i) {
      if (i == index) continue;
      ReadGraph(model, file_.TableIn(subgraphs, i));
      bodies.push_back(std::exchange(result_, {}));
    }
    const size_t graph = file_.TableIn(subgraphs, index);
    ReadGraph(model, graph);
    ReadInterface(graph, signature);
    result_.bodies = std::move(bodies);
    result_.subgraph = index;
    if (!file_.ok()) return Broken("it ends early, or its offsets lead out of it");
    if (!dangling_.empty()) return Broken(dangling_);
    return std::move(result_);
  }

 private:
  static Error Broken(const std::string& why) {
    return BadInput("the file is not a whole TFLite model: " + why, "copy or convert it again");
  }

  void ReadGraph(size_t model, size_t graph) {
    ReadTensors(model, graph);
    ReadOperators(model, graph);
  }

  void ReadTensors(size_t model, size_t graph) {
    const auto buffers = file_.VectorOf(model, model_field::kBuffers, 4);
    const auto tensors = file_.VectorOf(graph, graph_field::kTensors, 4);
    for (size_t i = 0; file_.ok() && i < tensors.size; ++i) {
      const size_t table = file_.TableIn(tensors, i);
      FileTensor tensor;
      tensor.name = file_.Text(table, tensor_field::kName);
      // A number. NOLINTNEXTLINE(bugprone-signed-char-misuse)
      tensor.type = file_.Scalar<int8_t>(table, tensor_field::kType);
      tensor.dims = Dims(table, tensor_field::kShape);
      tensor.signature = Dims(table, tensor_field::kSignature);
      if (tensor.signature.size() != tensor.dims.size()) tensor.signature = tensor.dims;
      const auto buffer = file_.Scalar<uint32_t>(table, tensor_field::kBuffer);
      if (buffer != 0 && buffer >= buffers.size) {
        dangling_ = "tensor '" + tensor.name + "' is in buffer " + std::to_string(buffer) + " of " +
                    std::to_string(buffers.size);
        return;
      }
      if (buffer != 0) {
        const size_t data = file_.TableIn(buffers, buffer);
        tensor.constant = file_.VectorOf(data, buffer_field::kData, 1).size > 0 ||
                          file_.Scalar<uint64_t>(data, buffer_field::kOffset) > 1;
      }
      tensor.quantization = QuantizationOf(table);
      result_.tensors.push_back(std::move(tensor));
    }
  }

  std::optional<Quantization> QuantizationOf(size_t tensor) {
    const size_t table = file_.Table(tensor, tensor_field::kQuantization);
    const auto scales = file_.VectorOf(table, quantization_field::kScale, 4);
    const auto zero_points = file_.VectorOf(table, quantization_field::kZeroPoint, 8);
    if (!file_.ok() || scales.size != 1) return std::nullopt;
    Quantization quantization{file_.Read<float>(scales.start), 0};
    if (zero_points.size == 1) quantization.zero_point = file_.Read<int64_t>(zero_points.start);
    return quantization;
  }

  void ReadOperators(size_t model, size_t graph) {
    const auto codes = file_.VectorOf(model, model_field::kOperatorCodes, 4);
    const auto operators = file_.VectorOf(graph, graph_field::kOperators, 4);
    for (size_t i = 0; file_.ok() && i < operators.size; ++i) {
      const size_t table = file_.TableIn(operators, i);
      const auto index = file_.Scalar<uint32_t>(table, operator_field::kCode);
      if (index >= codes.size) {
        dangling_ = "operator " + std::to_string(i) + " has no code";
        return;
      }
      const size_t code = file_.TableIn(codes, index);
      FileOperator made;
      // Codes above 127 stand in the newer field only (schema.fbs, OperatorCode).
      made.code = std::max<int>(file_.Scalar<int8_t>(code, code_field::kOldCode),
                                file_.Scalar<int32_t>(code, code_field::kCode));
      made.custom_code = file_.Text(code, code_field::kCustomCode);
      made.inputs = Indices(file_.VectorOf(table, operator_field::kInputs, 4), -1);
      made.outputs = Indices(file_.VectorOf(table, operator_field::kOutputs, 4), -1);
      result_.operators.push_back(std::move(made));
    }
  }

  void ReadInterface(size_t graph, size_t signature) {
    const auto inputs = file_.VectorOf(graph, graph_field::kInputs, 4);
    const auto outputs = file_.VectorOf(graph, graph_field::kOutputs, 4);
    result_.inputs = Indices(inputs, 0);
    result_.outputs = Indices(outputs, 0);
    if (!file_.ok() || !dangling_.empty()) return;
    for (size_t i = 0; i < outputs.size; ++i)
      result_.output_positions.push_back({outputs.start + 4 * i});
    for (const int32_t input : result_.inputs) result_.input_names.push_back(NameOf(input));
    for (const int32_t output : result_.outputs) result_.output_names.push_back(NameOf(output));
    const auto rename = [&](size_t field, const std::vector<int32_t>& tensors,
                            std::vector<std::string>& names, bool positions) {
      const auto maps = file_.VectorOf(signature, field, 4);
      for (size_t i = 0; file_.ok() && i < maps.size; ++i) {
        const size_t map = file_.TableIn(maps, i);
        const std::string name = file_.Text(map, map_field::kName);
        const size_t position = file_.Field(map, map_field::kTensor);
        const auto tensor = position == 0 ? 0 : file_.Read<int32_t>(position);
        bool known = false;
        for (size_t k = 0; k < tensors.size(); ++k) {
          if (tensors[k] != tensor) continue;
          known = true;
          if (!name.empty()) names[k] = name;
          if (positions && position != 0) result_.output_positions[k].push_back(position);
        }
        if (!known) dangling_ = "its signature names '" + name + "', which its graph does not have";
      }
    };
    rename(signature_field::kInputs, result_.inputs, result_.input_names, false);
    rename(signature_field::kOutputs, result_.outputs, result_.output_names, true);
  }

  const std::string& NameOf(int32_t tensor) const {
    return result_.tensors[static_cast<size_t>(tensor)].name;
  }

  ir::Dims Dims(size_t table, size_t field) {
    const auto vector = file_.VectorOf(table, field, 4);
    ir::Dims dims(vector.size);
    for (size_t i = 0; i < vector.size; ++i) dims[i] = file_.Read<int32_t>(vector.start + 4 * i);
    return dims;
  }

  std::vector<int32_t> Indices(const FlatBuffer::Vector& vector, int32_t least) {
    std::vector<int32_t> indices(vector.size);
    for (size_t i = 0; i < vector.size; ++i) {
      indices[i] = file_.Read<int32_t>(vector.start + 4 * i);
      if (indices[i] < least || indices[i] >= static_cast<int64_t>(result_.tensors.size()))
        dangling_ = "it names tensor " + std::to_string(indices[i]) + " of " +
                    std::to_string(result_.tensors.size());
    }
    return indices;
  }

  FlatBuffer file_;
  ModelFile result_;
  std::string dangling_;  // what the file names and does not hold
};

const TypeRow* RowOf(int tensor_type) {
  return tensor_type >= 0 && tensor_type < static_cast<int>(std::size(kTypes))
             ? &kTypes[tensor_type]
             : nullptr;
}

}  // namespace

Result<ModelFile> ReadModelFile(std::span<const std::byte> bytes) {
  constexpr std::string_view kIdentifier = "TFL3";
  if (bytes.size() < 8 ||
      std::memcmp(bytes.data() + 4, kIdentifier.data(), kIdentifier.size()) != 0)
    return BadInput("the file is not a TFLite model: bytes 4 to 7 are not 'TFL3'",
                    "LiteRT runs .tflite files; convert the model to one");
  return FileReader(bytes).Read();
}

ir::DataType DataTypeOf(int tensor_type) {
  const TypeRow* row = RowOf(tensor_type);
  return row == nullptr ? ir::DataType::kUndefined : row->ours;
}

ElementType ElementTypeOf(int tensor_type) {
  const TypeRow* row = RowOf(tensor_type);
  return row == nullptr ? kElementNone : row->theirs;
}

std::string TensorTypeName(int tensor_type) {
  const TypeRow* row = RowOf(tensor_type);
  return row == nullptr ? "number " + std::to_string(tensor_type) : row->name;
}

Result<TensorSpec> SpecOf(const FileTensor& tensor, const std::string& name) {
  TensorSpec spec;
  spec.name = name;
  spec.type = DataTypeOf(tensor.type);
  spec.dims = tensor.signature;
  spec.symbols.resize(spec.dims.size());
  spec.quantization = tensor.quantization;
  if (spec.type == ir::DataType::kUndefined)
    return Unsupported("'" + name + "' has the type " + TensorTypeName(tensor.type) +
                           ", which LiteRT does not hand over",
                       "cut the model so that its inputs and outputs are numbers");
  if (spec.dims.size() > kMaxRank)
    return Unsupported("'" + name + "' has " + std::to_string(spec.dims.size()) +
                       " dimensions; LiteRT hands over " + std::to_string(kMaxRank) + " at most");
  for (size_t i = 0; i < spec.dims.size(); ++i) {
    if (spec.dims[i] < -1 || tensor.dims[i] < 0)
      return BadInput("'" + name + "' has the shape " + ir::ToString(tensor.signature));
    if (spec.dims[i] == 0)
      return Unsupported("'" + name + "' has the shape " + ir::ToString(spec.dims) +
                         "; LiteRT hands over no tensors without elements");
  }
  return spec;
}

}  // namespace edgeopt::runtimes::litert
