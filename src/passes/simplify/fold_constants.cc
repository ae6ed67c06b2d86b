// fold-constants: what depends on constants alone is computed once and for all.
//
// Before:   a = Op1(c1);  b = Op2(a, c2);  y = Op3(x, b)      c1, c2 constants
// After:    y = Op3(x, b)                                     b an initializer
// Requires: Op1, Op2 are ai.onnx operators that give the same result each time, without subgraphs,
//           on tensors of known type. DequantizeLinear is left: folding it would make quantized
//           weights float again. b is larger than the constants that it replaces by at most the
//           context's limit, which also holds for all of a run together; no value on the way is
//           larger than kLargestValueBytes. The context can evaluate.
// Maths:    none: the operators are run as they stand, all of a graph's in one model.
// Numerics: as the runtime computes the same operators in the model (bitwise, on the same machine).
// Source:   docs/Operators.md of onnx, for which operators draw random numbers.
#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "passes/operands.h"
#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr int64_t kLargestValueBytes = int64_t{256} << 20;
// Of an operator whose result has no known size: it works on small things (a shape computation).
constexpr int64_t kSmallBytes = 4096;

// Their result may be much larger than their inputs.
constexpr std::array<std::string_view, 11> kGenerators = {
    "CenterCropPad", "ConstantOfShape", "Expand", "EyeLike", "MelWeightMatrix", "OneHot",
    "Pad",           "Range",           "Resize", "Tile",    "Upsample"};

template <typename List>
bool IsOneOf(const Node& node, const List& list) {
  return std::find(list.begin(), list.end(), node.op_type) != list.end();
}

std::optional<int64_t> BytesOf(const ir::Type& type) {
  const auto dims = type.static_dims();
  if (!type.is_tensor() || !dims) return std::nullopt;
  const auto count = ir::ElementCount(*dims);
  if (!count.ok()) return std::nullopt;
  // Strings: a guess, since only their number is known.
  constexpr int64_t kStringBytes = 16;
  return type.element == ir::DataType::kString ? *count * kStringBytes
                                               : ir::StorageBytes(type.element, *count);
}

class ConstantFolder {
 public:
  ConstantFolder(Rewriter& rewriter, const ir::Model& model, int64_t& growth_left)
      : rewriter_(rewriter), graph_(rewriter.graph()), model_(model), growth_left_(growth_left) {}

  Status Run() {
    for (const NodeId id : graph_.nodes())
      if (IsFoldable(id)) foldable_.insert(id.index);
    if (foldable_.empty()) return OkStatus();
    const std::vector<ValueId> wanted = ChooseWanted();
    if (!wanted.empty()) EDGEOPT_CHECK_OK(Fold(wanted));
    return OkStatus();
  }

 private:
  bool IsFoldable(NodeId id) {
    const Node& node = graph_.node(id);
    if (!IsDeterministic(node) || node.Is("Constant") || node.has_subgraphs()) return false;
    for (const ValueId input : node.inputs)
      if (input.valid() && !IsConstant(input)) return false;
    if (node.Is("DequantizeLinear")) return false;
    for (const ValueId output : node.outputs)
      if (output.valid() && !CheckOutput(id, output)) return false;
    return true;
  }

  bool IsConstant(ValueId id) const {
    const NodeId producer = graph_.producer(id);
    if (producer.valid() && foldable_.count(producer.index)) return true;
    return rewriter_.ConstantOf(id).has_value();
  }

  bool CheckOutput(NodeId id, ValueId output) {
    const ir::Type& type = rewriter_.TypeOf(output);
    if (!type.is_tensor()) return false;
    if (const auto bytes = BytesOf(type)) {
      if (*bytes <= kLargestValueBytes) return true;
      rewriter_.Skip(id, "its result would take " + std::to_string(*bytes >> 20) + " MiB");
      return false;
    }
    if (!IsOneOf(graph_.node(id), kGenerators) && InputBytes(graph_.node(id)) <= kSmallBytes)
      return true;
    rewriter_.Skip(id, "the size of its result is not known yet");
    return false;
  }

  int64_t InputBytes(const Node& node) const {
    int64_t total = 0;
    for (const ValueId input : node.inputs) {
      const auto constant = rewriter_.ConstantOf(input);
      total += constant ? constant->size_bytes() : BytesOf(rewriter_.TypeOf(input)).value_or(0);
    }
    return total;
  }

  // The values that others than foldable nodes read: those become initializers. Where that can't be
  // or would grow the file too much, the node is kept, and what it reads is wanted instead.
  std::vector<ValueId> ChooseWanted() {
    std::vector<ValueId> wanted;
    const std::vector<NodeId> nodes = graph_.nodes();
    for (auto id = nodes.rbegin(); id != nodes.rend(); ++id) {
      if (!foldable_.count(id->index)) continue;
      std::vector<ValueId> read;
      for (const ValueId output : graph_.node(*id).outputs)
        if (output.valid() && IsReadOutside(output)) read.push_back(output);
      if (std::any_of(read.begin(), read.end(), [&](ValueId value) {
            return rewriter_.is_main_graph() && graph_.IsOutput(value);
          })) {
        rewriter_.Skip(*id, "it is a graph output");
        kept_.insert(id->index);
      } else if (!read.empty() && Growth(read) > growth_left_) {
        rewriter_.Skip(*id, "its result is much larger than the constants that it is made of");
        kept_.insert(id->index);
      } else if (!read.empty()) {
        growth_left_ -= std::max<int64_t>(0, Growth(read));
        wanted.insert(wanted.end(), read.begin(), read.end());
      }
    }
    return wanted;
  }

  bool IsReadOutside(ValueId id) const {
    if (graph_.IsOutput(id)) return true;
    const auto& uses = graph_.uses(id);
    return std::any_of(uses.begin(), uses.end(), [&](const ir::Use& use) {
      return use.slot == ir::Use::kCaptured || !foldable_.count(use.node.index) ||
             kept_.count(use.node.index) > 0;
    });
  }

  // Bytes of the values less those of the constants that nothing else reads.
  int64_t Growth(const std::vector<ValueId>& values) const {
    int64_t growth = 0;
    for (const ValueId id : values) growth += BytesOf(rewriter_.TypeOf(id)).value_or(0);
    std::unordered_set<int32_t> seen;
    std::vector<ValueId> pending = values;
    while (!pending.empty()) {
      const ValueId at = pending.back();
      pending.pop_back();
      const NodeId producer = graph_.producer(at);
      if (producer.valid() && foldable_.count(producer.index)) {
        for (const ValueId input : graph_.node(producer).inputs)
          if (input.valid() && seen.insert(input.index).second) pending.push_back(input);
      } else if (graph_.value(at).initializer && !IsReadOutside(at)) {
        growth -= graph_.value(at).initializer->size_bytes();
      }
    }
    return growth;
  }

  // Evaluates all at once; when the runtime refuses, by halves, so that one operator that it does
  // not have costs only itself.
  Status Fold(const std::vector<ValueId>& wanted) {
    auto computed = rewriter_.context().evaluate(Extract(wanted));
    if (computed.ok() && computed->size() == wanted.size()) {
      for (size_t i = 0; i < wanted.size(); ++i) Store(wanted[i], std::move((*computed)[i]));
      return OkStatus();
    }
    if (computed.ok()) return Internal("constant folding got back another number of results");
    if (computed.error().code == ErrorCode::kInterrupted) return computed.error();
    if (wanted.size() == 1) {
      rewriter_.Skip(graph_.producer(wanted[0]),
                     "the runtime can't compute it: " + computed.error().message);
      return OkStatus();
    }
    const auto middle = wanted.begin() + static_cast<std::ptrdiff_t>(wanted.size() / 2);
    EDGEOPT_CHECK_OK(Fold({wanted.begin(), middle}));
    return Fold({middle, wanted.end()});
  }

  void Store(ValueId id, Tensor tensor) {
    const NodeId producer = graph_.producer(id);
    if (tensor.size_bytes() > kLargestValueBytes)
      return rewriter_.Skip(producer, "its result is too large");
    tensor.name.clear();
    if (graph_.node(producer).outputs.size() == 1) {
      graph_.RemoveNode(producer);
      graph_.SetInitializer(id, std::move(tensor));
    } else if (!rewriter_.Replace(id, graph_.AddInitializer(graph_.value(id).name, tensor))) {
      return rewriter_.Skip(producer, "one of its results is an output of a subgraph");
    }
    rewriter_.Count();
  }

  // A model without inputs that computes `wanted`.
  ir::Model Extract(const std::vector<ValueId>& wanted) const {
    ir::Model model;
    model.ir_version = model_.ir_version;
    model.opset_imports = model_.opset_imports;
    model.graph.name = "constants";
    std::unordered_map<int32_t, ValueId> copies;
    std::unordered_set<int32_t> needed;
    std::vector<ValueId> pending = wanted;
    while (!pending.empty()) {
      const NodeId producer = graph_.producer(pending.back());
      pending.pop_back();
      if (!producer.valid() || !foldable_.count(producer.index)) continue;
      if (!needed.insert(producer.index).second) continue;
      for (const ValueId input : graph_.node(producer).inputs)
        if (input.valid()) pending.push_back(input);
    }
    const auto copy_of = [&](ValueId id) {
      if (!id.valid()) return ir::kNoValue;
      ValueId& copy = copies[id.index];
      if (!copy.valid()) copy = model.graph.AddNamedValue(graph_.value(id).name);
      return copy;
    };
    for (const NodeId id : graph_.nodes()) {
      if (!needed.count(id.index)) continue;
      Node node = graph_.node(id);
      for (ValueId& input : node.inputs) {
        const ValueId source = input;
        input = copy_of(source);
        const NodeId producer = graph_.producer(source);
        if (source.valid() && !(producer.valid() && needed.count(producer.index)) &&
            !model.graph.value(input).initializer)
          model.graph.SetInitializer(input, *rewriter_.ConstantOf(source));
      }
      for (ValueId& output : node.outputs) output = copy_of(output);
      model.graph.AddNode(std::move(node));
    }
    for (const ValueId id : wanted) {
      model.graph.SetType(copy_of(id), rewriter_.TypeOf(id));
      model.graph.AddOutput(copy_of(id));
    }
    return model;
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  const ir::Model& model_;
  int64_t& growth_left_;
  std::unordered_set<int32_t> foldable_;  // ids of nodes that depend on constants alone
  std::unordered_set<int32_t> kept_;      // of these, the nodes that stay
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  if (!context.evaluate) {
    Outcome outcome;
    outcome.skipped.push_back({"the model", "there is no runtime to compute constants with"});
    return outcome;
  }
  int64_t growth_left = context.fold_growth_limit_bytes;
  return OverGraphs(model, context, [&](Rewriter& rewriter) {
    return ConstantFolder(rewriter, model, growth_left).Run();
  });
}

}  // namespace

Pass fold_constants() {
  return {"fold-constants", "what depends on constants alone is computed once and for all", Run,
          true};
}

}  // namespace edgeopt::passes
