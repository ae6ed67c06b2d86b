// How one TFLite operator becomes ONNX nodes: what a rule sees and says. Rules are rows of the
// tables in families/, one file per operator family; the build collects them into Table().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/tflite/file.h"
#include "formats/tflite/raise/tensors.h"
#include "ir/graph.h"

namespace edgeopt::formats::tflite::raise {

using Op = schema::BuiltinOperator;
using ir::ValueId;

class GraphRaising;
struct Rule;

// One operator in the hands of its rule. Its tensors are checked: those that the rule's row asks
// for are there, have a value, and a type that the IR knows. In and Out are real numbers: what
// quantized tensors stand for.
class OperatorRaising {
 public:
  OperatorRaising(GraphRaising& graph, const Rule& rule, const schema::OperatorT& op)
      : graph_(graph), rule_(rule), op_(op) {}

  // --- facts ---
  // The rule's `onnx`.
  std::string onnx() const;
  size_t input_count() const { return op_.inputs.size(); }
  size_t output_count() const { return op_.outputs.size(); }
  bool has_input(size_t slot) const { return slot < op_.inputs.size() && op_.inputs[slot] >= 0; }
  const schema::TensorT& in(size_t slot) const;
  const schema::TensorT& out(size_t index = 0) const;
  // Of In and Out: float32 for quantized tensors.
  ir::DataType InType(size_t slot) const;
  ir::DataType OutType(size_t index = 0) const;
  ir::Shape InShape(size_t slot) const { return ShapeOf(in(slot)); }
  ir::Shape OutShape(size_t index = 0) const { return ShapeOf(out(index)); }
  int64_t InRank(size_t slot = 0) const { return static_cast<int64_t>(in(slot).shape.size()); }
  int64_t OutRank(size_t index = 0) const { return static_cast<int64_t>(out(index).shape.size()); }
  // The data of a constant, as stored.
  std::optional<ir::Tensor> ConstantIn(size_t slot) const;
  // The integers of a constant input; Unsupported when it is computed at run time.
  Result<std::vector<int64_t>> IntsIn(size_t slot) const;
  Result<int64_t> IntIn(size_t slot) const;  // of one element
  // `axis` counted from the front; BadInput when it leaves the rank.
  Result<int64_t> Axis(int64_t axis, int64_t rank) const;
  // Axes of a constant input, of the rank of input 0.
  Result<std::vector<int64_t>> AxesIn(size_t slot) const;
  // Unsupported unless input `slot` has one of these ranks.
  Status CheckRank(size_t slot, int64_t least, int64_t most) const;
  // The operator's options; those with all fields at their defaults when it has none, as LiteRT
  // sees it. BadInput when it has another operator's.
  template <typename Options>
  Result<Options> OptionsAs() const;

  // --- values ---
  ValueId In(size_t slot);
  // The integers of a quantized tensor, as they are.
  ValueId StoredIn(size_t slot);
  // In, as ONNX's shapes, indices and axes are: int64.
  ValueId In64(size_t slot);
  // In with its axes in another order: a constant is permuted at once.
  ValueId Permuted(size_t slot, const std::vector<int64_t>& permutation);
  // In, an omitted one as no value; integers of 32 bits or more have the scale of inputs times
  // weights, whose slots are given.
  Result<ValueId> Bias(size_t slot, size_t input, size_t weights);
  ValueId Constant(const ir::Tensor& tensor, std::string_view what);
  ValueId Ints(const std::vector<int64_t>& values, std::string_view what);
  // A scalar of a float or integer type.
  ValueId Scalar(double value, ir::DataType type);
  ValueId Scalar(double value) { return Scalar(value, ir::DataType::kFloat32); }

  // --- nodes ---
  // A node of ai.onnx with one output.
  ValueId Node(std::string op_type, std::vector<ValueId> inputs,
               std::vector<ir::Attribute> attributes = {});
  std::vector<ValueId> Nodes(std::string op_type, size_t outputs, std::vector<ValueId> inputs,
                             std::vector<ir::Attribute> attributes = {});
  ValueId Transpose(ValueId x, std::vector<int64_t> permutation);
  // [N, spatial..., C] as [N, C, spatial...] and back.
  ValueId ChannelsFirst(ValueId x, int64_t rank);
  ValueId ChannelsLast(ValueId x, int64_t rank);
  ValueId Reshape(ValueId x, const std::vector<int64_t>& shape);
  ValueId Cast(ValueId x, ir::DataType type);
  // x limited to [low, high]; type is x's.
  ValueId Clip(ValueId x, double low, double high, ir::DataType type);
  ValueId Reduce(std::string op_type, ValueId x, const std::vector<int64_t>& axes, bool keep_dims);

  // --- subgraphs ---
  // Inputs from `first` on, as a subgraph gets them: quantized tensors as integers.
  std::vector<ValueId> StoredFrom(size_t first);
  // The outputs of a subgraph for values of `graph`, which is the operator's or one inside it.
  Result<std::vector<ValueId>> Called(int64_t subgraph, ir::Graph& graph,
                                      const std::vector<ValueId>& inputs) const;
  ir::Graph& graph();
  // The outputs' own tensors, integers of quantized ones.
  Status OutStored(const std::vector<ValueId>& values);

  // --- results ---
  Status Out(ValueId value, size_t index = 0);
  // With the operator's own activation behind it.
  Status Out(ValueId value, schema::ActivationFunctionType activation);
  // Of another type than the tensor's.
  Status OutCast(ValueId value, size_t index = 0);
  // A constant that is known already; readers see its data.
  Status OutConstant(const ir::Tensor& tensor);
  // The output is input `slot` by another name: constants stay constants.
  Status OutSame(size_t slot);

  // "this form of the operator is not there: REASON".
  Error Unsupported(std::string reason) const;

 private:
  std::string Name(std::string_view what) const;
  Error WrongOptions() const;

  GraphRaising& graph_;
  const Rule& rule_;
  const schema::OperatorT& op_;
};

struct Rule {
  Op op;
  Status (*raise)(OperatorRaising&);
  std::string_view onnx = {};  // the operator of ai.onnx, where rows share a function
  // Inputs that must be there, and the most that there may be.
  size_t inputs = 1, most_inputs = 0;  // 0: as `inputs`
  size_t outputs = 1;                  // at least; more belong to the rule
};
inline constexpr size_t kAnyNumber = 1 << 20;

struct Family {
  std::string_view name;
  std::span<const Rule> rules;
};
std::span<const Family> Table();
const Rule* FindRule(Op op);

template <typename Options>
Result<Options> OperatorRaising::OptionsAs() const {
  using First = schema::BuiltinOptionsUnionTraits<Options>;
  const schema::BuiltinOptionsUnion& options = op_.builtin_options;
  if (options.value == nullptr) return Options{};
  if (options.type != First::enum_value) return WrongOptions();
  return *static_cast<const Options*>(options.value);
}

}  // namespace edgeopt::formats::tflite::raise
