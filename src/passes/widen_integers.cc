// widen-integers: arithmetic of narrow integers as arithmetic of wide ones between Casts.
//
// Before:   y = Op(a, b)                              a, b of 8 or 16 bits, or uint32; or bool
// After:    y = Cast(Op(Cast(a), Cast(b)))            in int32; in int64 for uint32
// Before:   y = BitShift<direction = LEFT>(a, n)      n constant
// After:    y = Cast(Mul(Cast(a), 2^n));  to the right: Div
// Requires: Op in the table below.
// Maths:    sums, differences and products agree modulo 2^bits with those of the wide type, which
// is
//           what a Cast to the narrow type keeps; the others give a number of the narrow type.
// Numerics: exact.
// Source:   ONNX operator Cast: integers out of range wrap.
#include "passes/widen_integers.h"

#include <algorithm>
#include <map>

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

// Of a shift: 2^30 is the largest power of two in int32.
constexpr int64_t kMostBits = 31;

struct Row {
  std::string_view op_type;
  // Targets divide, and pool, in no wider integers than these: uint32 stays.
  bool in_int64 = true;
  DataType narrow_in = DataType::kInt32;  // what 8 and 16 bits are computed in
};
constexpr Row kRows[] = {
    {"Abs", false},
    {"Add"},
    {"ArgMax", false},
    {"ArgMin", false},
    {"BitShift"},
    {"BitwiseNot"},
    {"BitwiseXor", false},
    {"Clip"},
    {"CumSum"},
    {"Div", false},
    {"Equal"},
    {"Greater"},
    {"GreaterOrEqual"},
    {"Less"},
    {"LessOrEqual"},
    {"Max"},
    {"MaxPool", false, DataType::kFloat32},
    {"Min"},
    {"Mod"},
    {"Mul"},
    {"Neg"},
    {"ReduceMax"},
    {"ReduceMin"},
    {"Sub"},
    {"TopK"},
};

std::optional<DataType> WideType(const Row& row, DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kUint8:
    case DataType::kUint16:
      return row.narrow_in;
    case DataType::kUint32:
      return row.in_int64 ? std::optional(DataType::kInt64) : std::nullopt;
    default:
      return std::nullopt;
  }
}

template <typename T>
Tensor Converted(const Tensor& tensor, const std::vector<int64_t>& values) {
  return Tensor::Of(tensor.dims(), std::vector<T>(values.begin(), values.end()));
}

class Widening {
 public:
  explicit Widening(Graph& graph) : graph_(graph) {}

  Result<int64_t> Run() {
    int64_t count = 0;
    for (const NodeId id : graph_.nodes()) {
      const Node& node = graph_.node(id);
      const auto* row = std::ranges::find(kRows, node.op_type, &Row::op_type);
      if (!node.domain.empty() || row == std::end(kRows) || node.inputs.empty()) continue;
      const auto wide = WideType(*row, graph_.value(node.inputs[0]).type.element);
      if (!wide) continue;
      count += Widen(id, *wide) ? 1 : 0;
    }
    if (count != 0) EDGEOPT_CHECK_OK(graph_.SortTopologically());
    return count;
  }

 private:
  // Inputs and outputs of the first input's type; others are axes, indices or truth values.
  bool Widen(NodeId id, DataType wide) {
    const DataType narrow = graph_.value(graph_.node(id).inputs[0]).type.element;
    if (graph_.node(id).op_type == "BitShift" && !MakeProduct(id, wide)) return false;
    for (size_t slot = 0; slot < graph_.node(id).inputs.size(); ++slot) {
      const ValueId input = graph_.node(id).inputs[slot];
      if (!input.valid() || graph_.value(input).type.element != narrow) continue;
      graph_.SetInput(id, slot, Wide(input, wide));
    }
    std::vector<ValueId> outputs = graph_.node(id).outputs;
    std::vector<std::pair<ValueId, ValueId>> casts;
    for (ValueId& output : outputs) {
      if (!output.valid() || graph_.value(output).type.element != narrow) continue;
      const ValueId inner = AddWide(output, wide);
      casts.emplace_back(inner, output);
      output = inner;
    }
    graph_.SetNodeOutputs(id, outputs);
    for (const auto& [inner, output] : casts) AddCast(inner, output);
    return true;
  }

  // A shift by constants.
  bool MakeProduct(NodeId id, DataType wide) {
    const auto shift = graph_.ConstantOf(graph_.node(id).input(1));
    const auto amounts = shift ? shift->ToInts() : Result<std::vector<int64_t>>(BadInput(""));
    if (!amounts.ok()) return false;
    const bool left = graph_.node(id).StringOr("direction", "") == "LEFT";
    // Targets don't divide in int64.
    if (!left && wide == DataType::kInt64) return false;
    std::vector<int64_t> powers;
    for (const int64_t amount : *amounts) {
      if (amount < 0 || amount >= kMostBits) return false;
      powers.push_back(int64_t{1} << amount);
    }
    const Tensor factor = wide == DataType::kInt32 ? Converted<int32_t>(*shift, powers)
                                                   : Converted<int64_t>(*shift, powers);
    graph_.SetInput(id, 1, graph_.AddInitializer("power", factor));
    graph_.RemoveAttribute(id, "direction");
    graph_.SetOpType(id, left ? "Mul" : "Div");
    return true;
  }

  ValueId Wide(ValueId narrow, DataType wide) {
    const auto [known, added] = wide_.emplace(std::pair(narrow, wide), ir::kNoValue);
    if (!added) return known->second;
    known->second = AddWide(narrow, wide);
    AddCast(narrow, known->second);
    return known->second;
  }

  ValueId AddWide(ValueId like, DataType wide) {
    ir::Type type = graph_.value(like).type;
    type.element = wide;
    return graph_.AddValue(graph_.value(like).name + "_wide", std::move(type));
  }

  void AddCast(ValueId from, ValueId to) {
    const auto type = static_cast<int64_t>(graph_.value(to).type.element);
    graph_.AddNode("Cast", {from}, {to}, {{"to", type}}, graph_.value(to).name + "_cast");
  }

  Graph& graph_;
  std::map<std::pair<ValueId, DataType>, ValueId> wide_;
};

}  // namespace

Result<int64_t> WidenIntegers(ir::Model& model) {
  int64_t count = 0;
  const auto changed = ir::TransformGraph(model.graph, [&](Graph& graph) -> Result<bool> {
    EDGEOPT_TRY(const int64_t widened, Widening(graph).Run());
    count += widened;
    return widened != 0;
  });
  if (!changed.ok()) return changed.error();
  return count;
}

}  // namespace edgeopt::passes
