// What each operator does with memory layouts: given the layout of one of its values, those of the
// others under which it is the same operator with other parameters - and which parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "passes/layout/layout.h"
#include "passes/rewriter.h"

namespace edgeopt::passes::layout {

// How a node reads its inputs and writes its outputs where it does not work on plain layouts.
struct NodeLayouts {
  std::vector<Layout> inputs, outputs;  // parallel to the node's
  // What the node costs if it stays plain: so many copies of its first input.
  int64_t plain_copies = 0;
  // Cheap nodes that it needs beside itself if it does not stay plain.
  int64_t extra_nodes = 0;

  static NodeLayouts PlainOf(const ir::Node& node) {
    return {std::vector<Layout>(node.inputs.size()), std::vector<Layout>(node.outputs.size())};
  }
};

// One value of a node whose layout is given.
struct Known {
  bool is_output = false;
  size_t slot = 0;
  Layout layout;  // not plain
};

struct Rule {
  std::string_view op_type;  // of ai.onnx
  // nullopt: with that layout the node would not be the same operator. Types are logical ones.
  std::optional<NodeLayouts> (*derive)(const Rewriter&, const ir::Node&, const Known&);
  // Changes attributes and parameters of a node that gets those layouts; its data inputs and its
  // outputs still have their logical types and are replaced later. nullptr: nothing to change.
  void (*apply)(Rewriter&, ir::NodeId, const NodeLayouts&) = nullptr;
};

// nullptr: the operator is for plain layouts only.
const Rule* FindRule(const ir::Node& node);

// The table's parts, each in a file of its own.
std::span<const Rule> ElementwiseRules();
std::span<const Rule> AxisRules();
std::span<const Rule> VectorRules();
std::span<const Rule> ReductionRules();
std::span<const Rule> ReshapeRules();
std::span<const Rule> FlattenedRules();

// --- shared by the rules ---
inline int64_t RankOf(const Rewriter& rewriter, ir::ValueId id) {
  return rewriter.TypeOf(id).rank();
}
// All outputs, and the first `inputs` inputs, lie as the known value does and are of the same rank.
// nullopt when the known value is none of these, or is a flattened one.
std::optional<NodeLayouts> AllAs(const Rewriter& rewriter, const ir::Node& node, const Known& known,
                                 size_t inputs = 1);
// A constant vector of integers of the type of `like` (int32 or int64), as a new initializer.
ir::ValueId AddInts(Rewriter& rewriter, ir::NodeId node, std::string_view what,
                    const std::vector<int64_t>& values, ir::DataType type);

}  // namespace edgeopt::passes::layout
