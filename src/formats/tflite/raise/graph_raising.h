// The state of raising one subgraph: which value each tensor has become.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "formats/tflite/raise/raising.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite::raise {

// How much may still be raised: a subgraph is raised wherever it is called, and a few that call
// each other can stand for any number of operators.
struct Budget {
  int64_t operators = 0;
  int64_t depth = 8;
};

class GraphRaising {
 public:
  // `signature`, which names inputs and outputs, may be null.
  GraphRaising(const File& file, size_t subgraph, const schema::SignatureDefT* signature,
               ir::Graph& graph, Budget& budget);

  // Inputs, every operator in order, outputs; operators that can't be raised are collected.
  Status Run();
  // The same where the inputs are values of the graph already; returns the outputs, which may be
  // such values, too.
  Result<std::vector<ValueId>> RunOn(const std::vector<ValueId>& inputs);

  // Another subgraph, for values of `graph`.
  Result<std::vector<ValueId>> RaiseSubgraph(int64_t subgraph, ir::Graph& graph,
                                             const std::vector<ValueId>& inputs) const;

  ir::Graph& graph() { return graph_; }
  const schema::TensorT& tensor(int32_t index) const {
    return *subgraph_.tensors[static_cast<size_t>(index)];
  }
  // What the tensor's value is called.
  const std::string& NameOf(int32_t index) const { return names_[static_cast<size_t>(index)]; }

  std::optional<ir::Tensor> ConstantOf(int32_t index) const;
  // The tensor's value; of a quantized one the integers.
  ValueId StoredOf(int32_t index);
  // The numbers that a quantized tensor stands for; else the same as StoredOf.
  ValueId RealOf(int32_t index);
  ValueId PermutedOf(int32_t index, const std::vector<int64_t>& permutation);
  // DequantizeLinear of integers whose scales lie along `axis`, as the tensor says or as given.
  ValueId Dequantize(ValueId stored, const schema::TensorT& tensor, int64_t axis);
  ValueId Dequantize(ValueId stored, const std::vector<float>& scales, int64_t axis,
                     const std::string& name);

  // The real numbers that an operator computed for the tensor.
  void Bind(int32_t index, ValueId real);
  // The tensor itself: integers of a quantized one.
  void BindStored(int32_t index, ValueId stored);
  void BindConstant(int32_t index, ir::Tensor tensor);
  // The tensor is `source` by another name.
  void BindSame(int32_t index, int32_t source);

 private:
  // A quantized tensor has two values, made when they are first asked for.
  struct Held {
    ValueId stored, real;
  };

  Status AddInputs();
  Status AddOperators();
  Status AddOutputs();
  ValueId Copied(ValueId id, int32_t index);
  Status RaiseOperator(const schema::OperatorT& op);
  Status CheckOperands(const Rule& rule, const schema::OperatorT& op) const;
  Status CheckOperand(int32_t index) const;
  void BindNothing(const schema::OperatorT& op);
  bool HasValue(int32_t index) const;
  int32_t SourceOf(int32_t index) const;
  Held& held(int32_t index) { return held_[static_cast<size_t>(SourceOf(index))]; }
  void NameTensors(const schema::SignatureDefT* signature);
  void GiveName(ValueId id, const std::string& name);
  ir::Type TypeOf(int32_t index) const;
  ValueId ZeroPoints(const schema::TensorT& tensor);

  const File& file_;
  const schema::SubGraphT& subgraph_;
  ir::Graph& graph_;
  Budget& budget_;
  // By tensor.
  std::vector<Held> held_;
  std::vector<std::optional<ir::Tensor>> computed_;  // constants that operators make of constants
  std::vector<int32_t> same_;                        // as which tensor; -1: it is itself
  std::vector<std::string> names_;
  std::shared_ptr<const std::unordered_set<std::string>> boundary_names_;
  std::map<std::pair<int32_t, std::vector<int64_t>>, ValueId> permuted_;
  std::set<ValueId> bound_;
};

}  // namespace edgeopt::formats::tflite::raise
