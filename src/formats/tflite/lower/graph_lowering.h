// The state of lowering one graph: which tensor each value has become, and what has been decided
// about each node before its rule runs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/tflite/lower.h"
#include "formats/tflite/lower/file_builder.h"
#include "formats/tflite/lower/lowering.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite::lower {

inline bool IsFloat(const ir::Type& type) { return type.element == ir::DataType::kFloat32; }

// What stands around a node and becomes part of its operator.
struct NodePlan {
  const Rule* rule = nullptr;
  ir::NodeId activation;  // behind it, done by the operator itself
  schema::ActivationFunctionType fused = schema::ActivationFunctionType::NONE;
  bool quantized = false;  // reads and writes the integer tensors
  bool wide = false;       // which are int16
};

class GraphLowering {
 public:
  // A graph whose nodes and subgraphs read nothing from outside; it must outlive this.
  GraphLowering(const ir::Graph& graph, int64_t opset, FileBuilder& file,
                const LowerOptions& options);

  // The main graph: every node in order; nodes that can't be lowered are collected.
  Status Run();
  // The same where the inputs are tensors of the open subgraph already; returns the outputs, which
  // may be such tensors, too.
  Result<std::vector<TensorIndex>> RunOn(const std::vector<TensorIndex>& inputs);

  const ir::Graph& graph() const { return source_; }
  int64_t opset() const { return opset_; }
  const LowerOptions& options() const { return options_; }
  FileBuilder& file() { return file_; }
  const NodePlan& plan(ir::NodeId id) const { return plans_[static_cast<size_t>(id.index)]; }
  const ir::Type& TypeOf(ir::ValueId id) const { return graph().value(id).type; }

  // The float or plain tensor of a value. A dequantized one is made when it is first asked for.
  Result<TensorIndex> TensorOf(ir::ValueId id);
  // The integer tensor behind a value that a DequantizeLinear makes.
  Result<TensorIndex> StoredTensorOf(ir::ValueId dequantized);
  // The tensor that the node's output, behind the activation that was fused, is written to.
  Result<TensorIndex> OutputOf(ir::NodeId id, size_t index);
  // A constant operand, in float16 where the options ask for it.
  Result<TensorIndex> AddWeight(const std::string& name, const ir::Tensor& tensor);
  // The bias beside such a weight: in float16 too where the weight is, however small.
  Result<TensorIndex> AddBias(const std::string& name, const ir::Tensor& tensor,
                              TensorIndex weight);
  // The value that the node writes in the end: behind the fused activation.
  ir::ValueId FinalOutput(ir::NodeId id, size_t index) const;

  // How the integer value is quantized: by the QuantizeLinear that makes it, else by the
  // DequantizeLinear that reads it. Zero points of uint8 values are those of int8.
  std::optional<Quantization> QuantizationOf(ir::ValueId integer) const;
  std::optional<NodeLowering::StoredConstant> StoredConstantOf(ir::ValueId dequantized) const;

 private:
  void PlanNodes();
  void PlanActivation(ir::NodeId id);
  void PlanQuantized(ir::NodeId id);
  bool ReadsIntegers(const ir::Node& node, const Rule& rule) const;
  bool IsSymmetric(ir::ValueId weight) const;
  bool WritesIntegers(ir::NodeId id) const;
  std::vector<ir::ValueId> IntegersOf(ir::NodeId id) const;
  bool HasInt8Weight(const ir::Node& node, const Rule& rule) const;
  Status CheckRanks(const ir::Node& node) const;
  Status LowerNodes();
  Status LowerNode(ir::NodeId id);
  Status LowerQuantize(const ir::Node& node);
  // A uint8 value that a QuantizeLinear makes and only DequantizeLinears read: it is stored in
  // int8.
  bool IsShifted(ir::ValueId integer) const;
  std::optional<Quantization> OwnQuantizationOf(ir::ValueId integer) const;
  Result<TensorIndex> ShiftedTensor(ir::ValueId integer);
  Status AddUnshifted(ir::NodeId id);
  std::optional<Quantization> ParametersOf(const ir::Node& linear) const;
  Result<TensorIndex> IntegerTensor(ir::ValueId integer);
  Status CheckBoundary(ir::ValueId id) const;
  Status CheckQuantized(ir::ValueId integer, const Quantization& quantization) const;
  Result<TensorIndex> AddInput(ir::ValueId id);
  Result<TensorIndex> OutputTensor(ir::ValueId id);
  ir::Tensor ShapeOf(ir::ValueId id) const;
  Error UnknownRank(ir::ValueId id) const;
  Result<TensorIndex> AddHalf(const std::string& name, const ir::Tensor& tensor);

  const ir::Graph& source_;
  int64_t opset_;
  FileBuilder& file_;
  const LowerOptions& options_;
  std::vector<NodePlan> plans_;                      // by node id
  std::vector<bool> absorbed_;                       // by node id: done by another node's operator
  std::vector<std::optional<TensorIndex>> tensors_;  // by value id
  std::set<TensorIndex> halves_;                     // stored in float16
  std::map<ir::ValueId, TensorIndex> shifted_;       // int8 beside the uint8 one of tensors_
};

}  // namespace edgeopt::formats::tflite::lower
