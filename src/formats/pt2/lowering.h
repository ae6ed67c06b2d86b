// How one operator of an exported program becomes ONNX nodes (opset 17): what a rule sees and says.
// Rules are rows of the tables in families/, one file per operator family; the build collects them
// into Table().
//
// Arguments are asked for by the names of PyTorch's schema (native_functions.yaml). The file leaves
// out those that have their default value: a rule gives the default itself. Reading an argument
// marks it as understood; one that is given and that the rule did not read is an error, except for
// those that change no value (device, layout, pin_memory, memory_format, non_blocking).
//
// In-place operators (relu_, add_.Tensor) are lowered by the rule of their plain form, whose result
// the program's core gives to every name of that tensor; families don't list them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "formats/pt2/program.h"
#include "ir/graph.h"

namespace edgeopt::formats::pt2 {

using ir::DataType;
using ir::ValueId;

class GraphLowering;
struct Rule;

// A tensor of the program as an ONNX value. Sizes that are not known before a run have no value but
// a symbol: an expression of the program's symbols ("s0", "2*s0").
struct Operand {
  ValueId value;
  DataType type = DataType::kUndefined;
  ir::Shape shape;

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  // All sizes known: the sizes; else nullopt.
  std::optional<ir::Dims> dims() const { return ir::ToDims(shape); }
};

// An integer of the program: known now, or a scalar int64 value computed by a run.
using Size = std::variant<int64_t, ValueId>;
using Sizes = std::vector<Size>;
// The integers when all are known, else nullopt.
std::optional<std::vector<int64_t>> KnownInts(const Sizes& sizes);

// One operator in the hands of its rule.
class OperatorLowering {
 public:
  OperatorLowering(GraphLowering& graph, const Rule& rule, const Operation& operation)
      : graph_(graph), rule_(rule), operation_(operation) {}

  // --- arguments ---
  // The rule's `onnx`.
  std::string onnx() const;
  // The argument is given and not None. Does not count as reading it.
  bool Has(std::string_view name) const;
  // The argument is given as a Python number or a symbolic one, where the schema may say Tensor:
  // x + 1 is recorded as add.Tensor(x, 1).
  bool IsNumber(std::string_view name) const;
  // Marks an argument as understood: it changes nothing for ONNX.
  void Ignore(std::string_view name);
  void IgnoreAll();
  // A tensor; BadInput when it is missing.
  Result<Operand> In(std::string_view name);
  // The same, nullopt when it is missing or None.
  Result<std::optional<Operand>> InIfAny(std::string_view name);
  // As a node's input: kNoValue when it is missing or None.
  Result<ValueId> InOrNone(std::string_view name);
  // Tensor[]: a list of tensors.
  Result<std::vector<Operand>> InList(std::string_view name);
  // Tensor?[]: nullopt for None in the list.
  Result<std::vector<std::optional<Operand>>> InListIfAny(std::string_view name);
  // A tensor or a number (Tensor or Scalar in the schema) as a value of that type, cast if need be;
  // a number is a scalar.
  Result<ValueId> InAs(std::string_view name, DataType type);
  // The same; a missing number is `fallback`.
  Result<ValueId> NumberAs(std::string_view name, DataType type, double fallback);

  // Numbers that must be known now: Unsupported when a run computes them; `fallback` when missing
  // or None.
  Result<int64_t> Int(std::string_view name, int64_t fallback);
  Result<double> Float(std::string_view name, double fallback);  // also of an int or bool
  Result<bool> Bool(std::string_view name, bool fallback);
  Result<std::string> String(std::string_view name, std::string fallback);
  // A list; a single integer is a list of one.
  Result<std::vector<int64_t>> Ints(std::string_view name, std::vector<int64_t> fallback);
  // The same with as many as `count`: a list of one is repeated (PyTorch's int[2] stride=1).
  // BadInput for another length. An empty list is `fallback`.
  Result<std::vector<int64_t>> Ints(std::string_view name, size_t count,
                                    std::vector<int64_t> fallback);
  Result<std::vector<double>> Floats(std::string_view name, std::vector<double> fallback);
  Result<std::vector<bool>> Bools(std::string_view name, std::vector<bool> fallback);
  // Integers that a run may compute; nullopt when missing or None.
  Result<std::optional<Size>> SizeIfAny(std::string_view name);
  Result<Size> SizeOr(std::string_view name, int64_t fallback);
  Result<std::optional<Sizes>> SizesIfAny(std::string_view name);
  // BadInput when missing.
  Result<Sizes> SizesOf(std::string_view name);
  // A dtype argument; nullopt when missing or None.
  Result<std::optional<DataType>> TypeIfAny(std::string_view name);
  // `axis` counted from the front; BadInput when it leaves the rank. A scalar counts as rank 1.
  Result<int64_t> Axis(int64_t axis, int64_t rank) const;
  // An integer argument that is an axis of that rank.
  Result<int64_t> AxisOf(std::string_view name, int64_t fallback, int64_t rank);
  // A list of axes; missing, None or empty: all of them.
  Result<std::vector<int64_t>> AxesOf(std::string_view name, int64_t rank);
  // Arguments of a higher-order or symbolic operator, which have no names or whose names are of no
  // use: by position. Marks it as understood.
  size_t argument_count() const { return operation_.arguments.size(); }
  Result<Size> SizeAt(size_t position);
  // The graph that the argument is, run on the operands (tensors and numbers) from position `first`
  // on: its outputs are this operator's.
  Status RunGraph(size_t position, size_t first);

  // --- results' facts ---
  // Outputs are counted as tensors: a list of n tensors is n outputs.
  size_t output_count() const { return operation_.outputs.size(); }
  // Of the program's own record. kInt64 and no shape for a symbolic output.
  DataType OutType(size_t index = 0) const;
  ir::Shape OutShape(size_t index = 0) const;
  int64_t OutRank(size_t index = 0) const;
  // Nothing reads it: a rule need not make it.
  bool OutUnused(size_t index) const;

  // --- values ---
  ValueId Constant(const ir::Tensor& tensor, std::string_view what);
  // An int64 vector.
  ValueId IntVector(const std::vector<int64_t>& values, std::string_view what);
  // A scalar of any numeric type or bool.
  ValueId Scalar(double value, DataType type);
  ValueId Scalar64(int64_t value);  // int64
  // The data of a constant: a parameter, buffer, or Constant.
  std::optional<ir::Tensor> ConstantOf(ValueId value) const;
  // The size of an axis: known, or computed from the value.
  Size SizeOfAxis(const Operand& operand, int64_t axis);
  Sizes SizesOfShape(const Operand& operand);
  // A size as a scalar int64 value.
  ValueId Value(const Size& size);
  // Sizes as an int64 vector: a constant when all are known.
  ValueId Vector(const Sizes& sizes, std::string_view what);

  // --- nodes ---
  // A node of ai.onnx with one output. kNoValue at the end of the inputs is left out.
  ValueId Node(std::string op_type, std::vector<ValueId> inputs,
               std::vector<ir::Attribute> attributes = {});
  std::vector<ValueId> Nodes(std::string op_type, size_t outputs, std::vector<ValueId> inputs,
                             std::vector<ir::Attribute> attributes = {});
  ValueId Transpose(ValueId x, std::vector<int64_t> permutation);
  // -1: what is left over. A size of 0 is a size.
  ValueId Reshape(ValueId x, const std::vector<int64_t>& shape);
  // One size that a run computes becomes -1, where the others are known and not 0.
  ValueId Reshape(ValueId x, const Sizes& shape);
  ValueId Cast(ValueId x, DataType type);
  // The operand's value, cast if it has another type.
  ValueId As(const Operand& operand, DataType type);
  ValueId Clip(ValueId x, double low, double high, DataType type);
  ValueId Unsqueeze(ValueId x, const std::vector<int64_t>& axes);
  ValueId Squeeze(ValueId x, const std::vector<int64_t>& axes);
  // The axes in another order: of a constant at once.
  ValueId Permuted(ValueId x, const std::vector<int64_t>& permutation);
  // op_type: ReduceMean, ReduceSum, ReduceMax, ...; axes as opset 17 takes them (an attribute, or
  // an input of ReduceSum). No axes at all: x itself.
  ValueId Reduce(std::string op_type, ValueId x, const std::vector<int64_t>& axes, bool keep_dims);

  // --- results ---
  // Output `index` is the value, which has the output's type.
  Status Out(ValueId value, size_t index = 0);
  // Output `index` is `operand` by another name: constants stay constants.
  Status OutSame(const Operand& operand, size_t index = 0) { return Out(operand.value, index); }
  // The value of type `type`, cast if the output has another one.
  Status OutCast(ValueId value, DataType type, size_t index = 0);

  // "REASON" with the code Unsupported; the caller adds which operator it is.
  Error Unsupported(std::string reason) const;

 private:
  friend class GraphLowering;
  const Argument* Find(std::string_view name) const;
  // Find, nullptr for None; marks it as understood.
  const Argument* Read(std::string_view name);
  // The one that was given and not understood; nullptr when there is none.
  const NamedArgument* FirstUnread() const;
  Error WrongKind(std::string_view name, std::string_view expected) const;
  Result<const Number*> ReadNumber(std::string_view name);
  Result<Operand> OperandOf(const std::string& tensor) const;
  Result<Size> SizeFrom(std::string_view name, const Number& number) const;
  Result<ValueId> NumberFrom(std::string_view name, const Number& number, DataType type);
  const TensorFacts* OutFacts(size_t index) const;
  std::string Name(std::string_view what) const;

  GraphLowering& graph_;
  const Rule& rule_;
  const Operation& operation_;
  std::vector<std::string_view> read_;
  bool ignores_all_ = false;
};

struct Rule {
  // Without "torch.ops.": "aten.conv2d.default", with the overload; "_operator.mul".
  std::string_view target;
  Status (*lower)(OperatorLowering&);
  std::string_view onnx = {};  // the operator of ai.onnx, where rows share a function
};

struct Family {
  std::string_view name;
  std::span<const Rule> rules;
};
std::span<const Family> Table();
const Rule* FindRule(std::string_view target);

}  // namespace edgeopt::formats::pt2
