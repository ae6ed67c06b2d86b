// What a .tflite file says of its first signature: names, types and shapes, and the operators as
// far as they decide what can be run. The weights are not looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "ir/tensor.h"
#include "runtimes/litert/c_api.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::litert {

struct FileTensor {
  std::string name;
  int type = 0;        // TensorType of the schema
  ir::Dims dims;       // what the file was converted with
  ir::Dims signature;  // the same with -1 for dimensions decided at run time
  bool constant = false;
  std::optional<Quantization> quantization;  // per tensor; of an axis: none
};

struct FileOperator {
  int code = 0;  // BuiltinOperator of the schema
  std::string custom_code;
  std::vector<int32_t> inputs, outputs;  // tensors; -1 is left out
};

struct ModelFile {
  size_t subgraph = 0;  // which one this is
  std::vector<FileTensor> tensors;
  std::vector<FileOperator> operators;
  // Of the signature's subgraph, in its order, and where the file says so: each position holds the
  // output's tensor (int32) and may be written to.
  std::vector<int32_t> inputs, outputs;
  std::vector<std::vector<size_t>> output_positions;
  std::vector<std::string> input_names, output_names;  // the signature's, else the tensors'
  // The other subgraphs, bodies of loops and branches: their tensors and operators.
  std::vector<ModelFile> bodies;
};

// BadInput when the bytes are no TFLite model or end early, or name tensors, operators or buffers
// that they do not hold.
Result<ModelFile> ReadModelFile(std::span<const std::byte> bytes);

// Our type, and LiteRT's, of the schema's TensorType; kUndefined and kElementNone for what has
// none.
ir::DataType DataTypeOf(int tensor_type);
ElementType ElementTypeOf(int tensor_type);
// "STRING": the schema's name.
std::string TensorTypeName(int tensor_type);

// Unsupported, named, for a type that can't be handed over.
Result<TensorSpec> SpecOf(const FileTensor& tensor, const std::string& name);

}  // namespace edgeopt::runtimes::litert
