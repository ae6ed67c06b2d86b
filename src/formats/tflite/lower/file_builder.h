// Makes a TFLite file: tensors with their buffers, operators with their codes, subgraphs. Knows
// nothing of the graph that is lowered.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "formats/tflite/file.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace edgeopt::formats::tflite::lower {

using Op = schema::BuiltinOperator;
using TensorIndex = int32_t;
inline constexpr TensorIndex kOmitted = -1;

// real = (q - zero_point) * scale, per tensor or along `axis` (schema: QuantizationParameters).
struct Quantization {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;  // as many as scales
  int32_t axis = 0;
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

// The TFLite type of an element type; Unsupported names one that TFLite has not.
Result<schema::TensorType> TensorTypeOf(ir::DataType type);

// Tensors and operators go to the subgraph that is open, at first the main one; an index of a
// tensor holds in its subgraph alone.
class FileBuilder {
 public:
  explicit FileBuilder(std::string description);

  // Begins another subgraph, inside the open one, which waits until Close; returns its index.
  int32_t Open(std::string_view name);
  void Close();

  // A tensor computed at run time; a dimension that is not known becomes 1 in its shape and -1 in
  // its signature. `name` is made unique.
  Result<TensorIndex> AddTensor(std::string_view name, ir::DataType type, const ir::Shape& shape,
                                const Quantization* quantization = nullptr);
  // Of the type and quantization of another tensor.
  Result<TensorIndex> AddTensorLike(std::string_view name, TensorIndex like,
                                    const ir::Shape& shape);
  // The tensor's shape as the graph would have it: sizes that are not known have no value. Of
  // kOmitted: none.
  ir::Shape ShapeOf(TensorIndex index) const;
  // Equal constants without quantization share one tensor.
  Result<TensorIndex> AddConstant(std::string_view name, const ir::Tensor& tensor,
                                  const Quantization* quantization = nullptr);

  // Appends an operator; `options` is the option table of the operator, schema::Conv2DOptionsT.
  template <typename Options>
  void Add(Op op, std::vector<TensorIndex> inputs, std::vector<TensorIndex> outputs,
           Options options) {
    schema::OperatorT& added = Append(op, std::move(inputs), std::move(outputs));
    if constexpr (kIsSecondUnion<Options>)
      added.builtin_options_2.Set(std::move(options));
    else
      added.builtin_options.Set(std::move(options));
  }
  void Add(Op op, std::vector<TensorIndex> inputs, std::vector<TensorIndex> outputs) {
    Append(op, std::move(inputs), std::move(outputs));
  }

  const schema::TensorT& tensor(TensorIndex index) const {
    return *graph().tensors[static_cast<size_t>(index)];
  }

  // Of the main subgraph, with their names in the signature.
  void SetInputs(std::vector<std::pair<std::string, TensorIndex>> inputs);
  void SetOutputs(std::vector<std::pair<std::string, TensorIndex>> outputs);
  // Of another one, which is open.
  void SetSubgraphInputs(std::vector<TensorIndex> inputs) { graph().inputs = std::move(inputs); }
  void SetSubgraphOutputs(std::vector<TensorIndex> outputs) {
    graph().outputs = std::move(outputs);
  }
  // The file; the builder is empty afterwards. Operator versions are set.
  File Finish() &&;

 private:
  template <typename Options>
  static constexpr bool kIsSecondUnion =
      schema::BuiltinOptions2UnionTraits<Options>::enum_value != schema::BuiltinOptions2::NONE;

  struct OpenSubgraph {
    size_t index = 0;
    // Unquantized constants by content, so that each is stored once.
    std::multimap<std::pair<schema::TensorType, std::vector<int32_t>>, TensorIndex> constants;
  };

  schema::SubGraphT& graph() { return *file_.model.subgraphs[open_.back().index]; }
  const schema::SubGraphT& graph() const { return *file_.model.subgraphs[open_.back().index]; }
  schema::OperatorT& Append(Op op, std::vector<TensorIndex> inputs,
                            std::vector<TensorIndex> outputs);
  uint32_t CodeIndex(Op op);
  uint32_t AddBuffer(Buffer data);
  Result<TensorIndex> AddTensor(std::string_view name, schema::TensorType type,
                                const ir::Shape& shape, const Quantization* quantization);
  TensorIndex Append(std::string_view name, schema::TensorType type, std::vector<int32_t> shape,
                     const Quantization* quantization);
  std::string UniqueName(std::string_view name);

  File file_;
  std::map<Op, uint32_t> codes_;
  std::map<std::string, int64_t, std::less<>> names_;
  std::vector<OpenSubgraph> open_;  // from the main one inwards
  // Where data lies that several subgraphs hold: the bytes of a buffer, by address and length.
  std::map<std::pair<const void*, size_t>, uint32_t> buffers_;
  std::vector<std::pair<std::string, TensorIndex>> inputs_, outputs_;
};

// A subgraph that is open as long as this lives.
class OpenedSubgraph {
 public:
  OpenedSubgraph(FileBuilder& file, std::string_view name) : file_(file), index_(file.Open(name)) {}
  ~OpenedSubgraph() { file_.Close(); }
  OpenedSubgraph(const OpenedSubgraph&) = delete;
  OpenedSubgraph& operator=(const OpenedSubgraph&) = delete;
  int32_t index() const { return index_; }

 private:
  FileBuilder& file_;
  int32_t index_;
};

}  // namespace edgeopt::formats::tflite::lower
