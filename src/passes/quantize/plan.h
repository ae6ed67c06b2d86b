// Static quantization, first half: which nodes run in int8 (or int16, as the rule set says), which
// values therefore carry Q/DQ, and which activations disappear into the quantizer before them. Made
// before calibration: it says what to observe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/quantize/exclusions.h"
#include "passes/quantize/rules.h"

namespace edgeopt::passes::quantize {

// What was decided for one node, for the report.
struct Decision {
  ir::NodeId node;
  std::string label, op_type;
  bool quantized = false;
  std::string reason;  // why not; for a Relu or Clip that disappears: into which node
};

// Limits that an absorbed Relu or Clip puts on a value; the observed range is cut to them.
struct Bounds {
  float low, high;
};

struct StaticPlan {
  const RuleSet* rules = nullptr;
  std::vector<Decision> decisions;  // every node of the main graph, in order
  std::set<ir::NodeId> quantized;   // nodes that run in int8
  // Relu and Clip nodes that saturation makes redundant, and the node before each.
  std::map<ir::NodeId, ir::NodeId> absorbed;
  // Of symmetric rule sets: those that stay, to become part of the operator before each.
  std::map<ir::NodeId, ir::NodeId> fused;
  // Of inputs-only rule sets: the data input of a residual Add that stays float.
  std::map<ir::NodeId, size_t> float_slot;
  // Values with a Q directly behind their producer; every reader then reads the DQ.
  std::vector<ir::ValueId> output_values;
  // Values that come in float (graph inputs, float nodes): only int8 readers get the DQ.
  std::vector<ir::ValueId> entry_values;
  // Values whose scale is that of another: output of a same-scale operator -> the root value.
  std::map<ir::ValueId, ir::ValueId> scale_of;
  std::map<ir::ValueId, Bounds> bounds;
  // Values whose range the rule set fixes, whatever is observed.
  std::map<ir::ValueId, Bounds> fixed;
  // The root values, whose ranges calibration must observe; by name.
  std::vector<std::string> observe;
};

// The inputs of a quantized node that read a DQ (or a quantized constant).
std::vector<size_t> QuantizedSlots(const StaticPlan& plan, const ir::Graph& graph, ir::NodeId id);

// Requires inferred types (float32 activations are recognized by them), the rule set's OldestOpset,
// and a simplified graph (BatchNorm folded, Clip limits constant). Unsupported when no node can be
// quantized, with the reasons' summary.
Result<StaticPlan> PlanStatic(const ir::Model& model, const RuleSet& rules,
                              const Exclusions& exclusions);

// The values that some rule set would have observed, nothing excluded: a calibration that observes
// them serves all. Requirements as above, but for the opset: only operators and types are looked
// at.
std::set<std::string> ObservedByAnyRules(const ir::Model& model);

}  // namespace edgeopt::passes::quantize
