// eliminate-zero-state: a recurrent operator whose initial state is zeros needs none.
//
// Before:   y = LSTM(x, w, r, b, lengths, initial_h, initial_c)    also GRU and RNN
// After:    y = LSTM(x, w, r, b, lengths)       without those of the two that are zeros
// Requires: the state is a constant of zeros, or zeros that were only moved, repeated or joined at
//           run time (to the size of the batch, usually).
// Maths:    a missing initial state is defined as zeros.
// Numerics: exact; a state of -0 becomes +0, which no gate tells apart from it.
// Source:   ONNX operators LSTM, GRU, RNN.
#include <algorithm>
#include <array>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr size_t kInitialH = 5, kInitialC = 6;
// Chains that make a state are short; deeper ones are not worth following.
constexpr int kDeepest = 16;

// What puts the elements of its first input into another order or number. The others are shapes.
constexpr std::array<std::string_view, 10> kMovers = {
    "Expand", "Flatten", "Gather", "Identity",  "Reshape",
    "Slice",  "Squeeze", "Tile",   "Transpose", "Unsqueeze"};

bool IsZeros(const Rewriter& rewriter, ValueId id, int depth = 0) {
  if (!id.valid() || depth > kDeepest) return false;
  if (const auto constant = rewriter.ConstantOf(id)) return IsFilledWith(*constant, 0);
  const ir::Graph& graph = rewriter.graph();
  const NodeId producer = graph.producer(id);
  if (!producer.valid()) return false;
  const Node& node = graph.node(producer);
  if (!node.domain.empty()) return false;
  if (node.op_type == "ConstantOfShape") {
    const ir::Attribute* value = node.FindAttribute("value");
    if (value == nullptr) return true;
    const auto* tensor = value->get<ir::Tensor>();
    return tensor != nullptr && IsFilledWith(*tensor, 0);
  }
  if (node.op_type == "Concat")
    return std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](ValueId input) { return IsZeros(rewriter, input, depth + 1); });
  if (std::find(kMovers.begin(), kMovers.end(), node.op_type) == kMovers.end()) return false;
  return IsZeros(rewriter, node.input(0), depth + 1);
}

Status Eliminate(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  if (!node.Is("LSTM") && !node.Is("GRU") && !node.Is("RNN")) return OkStatus();
  std::vector<ValueId> inputs = node.inputs;
  int64_t removed = 0;
  for (const size_t slot : {kInitialH, kInitialC}) {
    if (slot >= inputs.size() || !inputs[slot].valid()) continue;
    if (!IsZeros(rewriter, inputs[slot])) {
      rewriter.Skip(id, slot == kInitialH ? "its initial state is not known to be zeros"
                                          : "its initial cell is not known to be zeros");
      continue;
    }
    inputs[slot] = ir::kNoValue;
    ++removed;
  }
  if (removed == 0) return OkStatus();
  while (!inputs.empty() && !inputs.back().valid()) inputs.pop_back();
  rewriter.graph().SetNodeInputs(id, std::move(inputs));
  rewriter.Count(removed);
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_zero_state() {
  return {"eliminate-zero-state", "initial states of zeros of recurrent operators are left out",
          Run};
}

}  // namespace edgeopt::passes
