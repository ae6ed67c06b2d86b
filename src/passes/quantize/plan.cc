#include "passes/quantize/plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "passes/quantize/residual.h"
#include "passes/quantize/shared_weights.h"
#include "passes/quantize/small_products.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

bool IsFloat32(const Graph& graph, ValueId id) {
  return id.valid() && graph.value(id).type.is_tensor() &&
         graph.value(id).type.element == ir::DataType::kFloat32;
}

// The limits of a Relu or of a Clip with constant ones; nullopt when the node is neither, or when
// zero is not inside (the quantizer's range always includes zero).
std::optional<Bounds> ActivationBounds(const Graph& graph, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node.Is("Relu")) return Bounds{0.0f, kInfinity};
  if (!node.Is("Clip")) return std::nullopt;
  Bounds bounds{node.FloatOr("min", -kInfinity), node.FloatOr("max", kInfinity)};  // opset 6 to 10
  for (const size_t slot : {size_t{1}, size_t{2}}) {
    if (!node.input(slot).valid()) continue;
    const auto limit = graph.ConstantOf(node.input(slot));
    if (!limit || limit->type() != ir::DataType::kFloat32 || limit->size() != 1)
      return std::nullopt;
    (slot == 1 ? bounds.low : bounds.high) = limit->as<float>()[0];
  }
  if (!(bounds.low <= 0.0f && bounds.high >= 0.0f)) return std::nullopt;
  return bounds;
}

// Of inputs-only rule sets: Q and DQ may stand before or behind these, whichever the runtime likes.
bool Commutes(const Node& node) {
  for (const char* op_type : {"Relu", "Clip", "MaxPool", "Reshape", "Flatten", "Transpose",
                              "Squeeze", "Unsqueeze", "Concat"})
    if (node.Is(op_type)) return true;
  return false;
}

class Planner {
 public:
  Planner(const ir::Model& model, const RuleSet& rules, const Exclusions& exclusions)
      : model_(model), graph_(model.graph), rules_(rules), exclusions_(exclusions) {}

  Result<StaticPlan> Make() {
    plan_.rules = &rules_;
    for (const NodeId id : graph_.nodes()) Consider(id);
    while (DropSharedWeights() || DropLonelyNodes()) {
    }
    if (std::none_of(plan_.quantized.begin(), plan_.quantized.end(),
                     [&](NodeId id) { return RuleOf(id).role == Role::kWeighted; }))
      return Unsupported("no operator of this model can run in " + integers() + Summary(),
                         "use --precision fp16 or the float model");
    AbsorbActivations();
    PlaceValues();
    Report();
    return std::move(plan_);
  }

 private:
  const OpRule& RuleOf(NodeId id) const { return *FindRule(rules_, graph_.node(id)); }
  std::string integers() const { return std::string(IntegersOf(rules_)); }

  // Why the node can't run in integers whatever its neighbours do; empty when it can.
  std::string Obstacle(NodeId id) const {
    const Node& node = graph_.node(id);
    if (exclusions_.Match(graph_, id)) return "excluded by the user";
    if (IsFused(id)) return "the operator before it does it";
    const OpRule* rule = FindRule(rules_, node);
    if (rule == nullptr && rules_.inputs_only && Commutes(node))
      return "needs no Q/DQ of its own: it takes the type of its neighbours";
    if (rule == nullptr) return node.op_type + " has no " + integers() + " kernel in this runtime";
    if (model_.OpsetVersion() < rule->min_opset)
      return "has no " + integers() + " form before opset " + std::to_string(rule->min_opset);
    const std::vector<size_t> slots = DataInputSlots(*rule, node);
    if (slots.empty()) return "has no input";
    for (const size_t slot : slots)
      if (!IsFloat32(graph_, node.inputs[slot])) return "its input is not float32";
    if (rule->role == Role::kWeighted) return WeightObstacle(*rule, node);
    if (node.outputs.size() > 1 && !node.Is("Split") && node.output(1).valid())
      return "its second output is used";
    if (node.Is("Resize") &&
        node.StringOr("coordinate_transformation_mode", "") == "tf_crop_and_resize")
      return "crop-and-resize extrapolates outside the range of its input";
    return {};
  }

  std::string WeightObstacle(const OpRule& rule, const Node& node) const {
    const auto weight = graph_.ConstantOf(node.input(static_cast<size_t>(rule.weight_input)));
    if (!weight) return "both operands are computed; it stays float (few multiply-adds, sensitive)";
    if (weight->type() != ir::DataType::kFloat32) return "its weight is not float32";
    if (weight->size() == 0) return "its weight is empty";
    const bool convolves = node.Is("Conv") || node.Is("ConvTranspose");
    if (convolves && (weight->rank() < 3 || weight->rank() > 5))
      return "its weight has rank " + std::to_string(weight->rank());
    if (node.Is("ConvTranspose") && node.IntOr("group", 1) != 1) return "it has groups";
    if (!convolves && weight->rank() != 2)
      return "its weight has rank " + std::to_string(weight->rank()) + ", the " + integers() +
             " kernel wants 2";
    if (node.Is("Gemm") && (node.FloatOr("alpha", 1.0f) != 1.0f ||
                            node.FloatOr("beta", 1.0f) != 1.0f || node.IntOr("transA", 0) != 0))
      return "alpha or beta is not 1, or A is transposed";
    if (rules_.large_only)
      if (std::string reason = SmallProduct(graph_, node, *weight); !reason.empty()) return reason;
    return BiasObstacle(rule, node, *weight);
  }

  std::string BiasObstacle(const OpRule& rule, const Node& node, const ir::Tensor& weight) const {
    const ValueId bias =
        rule.bias_input < 0 ? ir::kNoValue : node.input(static_cast<size_t>(rule.bias_input));
    if (!bias.valid()) return {};
    const auto constant = graph_.ConstantOf(bias);
    if (!constant || constant->type() != ir::DataType::kFloat32) return "its bias is computed";
    const int64_t axis = WeightChannelAxis(node, weight.rank());
    if (constant->size() != weight.dims()[static_cast<size_t>(axis)])
      return "its bias is not one number per output channel";
    return {};
  }

  void Consider(NodeId id) {
    std::string obstacle = Obstacle(id);
    if (obstacle.empty())
      plan_.quantized.insert(id);
    else
      obstacles_[id] = std::move(obstacle);
  }

  // Whether quantizing the operator's output leaves nothing of the activation behind it.
  bool Covers(const OpRule& rule, const std::optional<Bounds>& bounds) const {
    if (!bounds) return false;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return !rules_.symmetric || (rule.fuses_activation && bounds->low == 0.0f &&
                                 (bounds->high == kInfinity || bounds->high == 6.0f));
  }

  // The Relu or Clip that alone reads the node's output, if its limits are constant. A same-scale
  // operator has none: its range is that of its input.
  NodeId FollowingActivation(NodeId id) const {
    const OpRule* rule = FindRule(rules_, graph_.node(id));
    if (rule == nullptr || rule->role == Role::kSameScale) return {};
    const NodeId user = graph_.OnlyUser(graph_.node(id).output(0));
    if (!user.valid() || exclusions_.Match(graph_, user) ||
        graph_.node(user).input(0) != graph_.node(id).output(0))
      return {};
    return Covers(*rule, ActivationBounds(graph_, graph_.node(user))) ? user : NodeId{};
  }

  // Of symmetric sets: the operator before the activation does its work.
  bool IsFused(NodeId id) const {
    if (!rules_.symmetric || !graph_.node(id).input(0).valid()) return false;
    const NodeId before = graph_.producer(graph_.node(id).input(0));
    return before.valid() && FollowingActivation(before) == id && Obstacle(before).empty();
  }

  // What later nodes read: the output of the activation behind the node, else its own.
  ValueId EffectiveOutput(NodeId id, size_t output = 0) const {
    const NodeId activation = output == 0 ? FollowingActivation(id) : NodeId{};
    return activation.valid() ? graph_.node(activation).output(0) : graph_.node(id).output(output);
  }

  // The quantized node that makes the value, looking through the activation behind it.
  NodeId QuantizedProducer(ValueId value) const {
    NodeId made_by = graph_.producer(value);
    if (!made_by.valid()) return {};
    if (plan_.quantized.count(made_by) > 0) return made_by;
    if (rules_.inputs_only)
      return Commutes(graph_.node(made_by)) ? QuantizedProducer(graph_.node(made_by).input(0))
                                            : NodeId{};
    const NodeId before = graph_.producer(graph_.node(made_by).input(0));
    const bool through = before.valid() && plan_.quantized.count(before) > 0 &&
                         FollowingActivation(before) == made_by;
    return through ? before : NodeId{};
  }

  bool ReadsAsData(NodeId id, ValueId value) const {
    if (plan_.quantized.count(id) == 0) return false;
    for (const size_t slot : Slots(id))
      if (graph_.node(id).inputs[slot] == value) return true;
    return false;
  }

  std::vector<size_t> Slots(NodeId id) const {
    std::vector<size_t> slots = DataInputSlots(RuleOf(id), graph_.node(id));
    if (RuleOf(id).role == Role::kResidual)
      if (const auto main = MainSlot(id)) std::erase(slots, *main);
    return slots;
  }

  std::optional<size_t> MainSlot(NodeId id) const {
    return ResidualMainSlot(graph_, id, [this](NodeId conv) {
      return plan_.quantized.count(conv) > 0 && RuleOf(conv).role == Role::kWeighted;
    });
  }

  bool HasQuantizedReader(ValueId value) const {
    const auto& uses = graph_.uses(value);
    return std::any_of(uses.begin(), uses.end(), [&](const ir::Use& use) {
      const Node& reader = graph_.node(use.node);
      return ReadsAsData(use.node, value) ||
             (rules_.inputs_only && use.slot >= 0 && Commutes(reader) &&
              HasQuantizedReader(reader.output(0)));
    });
  }

  // Why an operator that is no multiply-add would only add conversions; empty when it gains.
  std::string Loneliness(NodeId id) const {
    const Node& node = graph_.node(id);
    const OpRule& rule = RuleOf(id);
    if (rule.role == Role::kResidual)
      return MainSlot(id) ? std::string() : "no int8 convolution before it takes it along";
    bool any_activation = false;
    for (const size_t slot : DataInputSlots(rule, node)) {
      const ValueId value = node.inputs[slot];
      if (graph_.ConstantOf(value)) continue;
      any_activation = true;
      const bool moves_input = rule.role == Role::kSameScale && graph_.IsInput(value);
      if (!moves_input && !QuantizedProducer(value).valid())
        return "its input '" + graph_.value(value).name + "' comes in float";
    }
    if (!any_activation) return "all its inputs are constant";
    for (size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i].valid() && HasQuantizedReader(EffectiveOutput(id, i))) return {};
    return "no " + integers() + " operator reads its output";
  }

  // The node that quantizes the weight reads it as such.
  bool QuantizesWeight(const ir::Use& use) const {
    if (plan_.quantized.count(use.node) == 0) return false;
    const OpRule& rule = RuleOf(use.node);
    return rule.role == Role::kWeighted && use.slot == rule.weight_input;
  }

  bool DropSharedWeights() {
    bool dropped = false;
    for (const NodeId id : graph_.nodes()) {
      if (plan_.quantized.count(id) == 0 || RuleOf(id).role != Role::kWeighted) continue;
      std::string reason = SharedWeightObstacle(
          graph_, graph_.node(id).input(static_cast<size_t>(RuleOf(id).weight_input)),
          [this](const ir::Use& use) { return QuantizesWeight(use); });
      if (reason.empty()) continue;
      plan_.quantized.erase(id);
      obstacles_[id] = std::move(reason);
      dropped = true;
    }
    return dropped;
  }

  bool DropLonelyNodes() {
    bool dropped = false;
    for (const NodeId id : graph_.nodes()) {
      if (plan_.quantized.count(id) == 0 || RuleOf(id).role == Role::kWeighted) continue;
      std::string reason = Loneliness(id);
      if (reason.empty()) continue;
      plan_.quantized.erase(id);
      obstacles_[id] = std::move(reason);
      dropped = true;
    }
    return dropped;
  }

  // Gemm and MatMul keep a float output unless every reader takes int8.
  bool LeavesFloat(NodeId id) const {
    if (rules_.inputs_only) return true;
    if (!RuleOf(id).float_output) return false;
    const ValueId value = EffectiveOutput(id);
    if (graph_.IsOutput(value)) return true;
    for (const ir::Use& use : graph_.uses(value))
      if (!ReadsAsData(use.node, value)) return true;
    return false;
  }

  void AbsorbActivations() {
    for (const NodeId id : plan_.quantized) {
      const NodeId activation = FollowingActivation(id);
      if (!activation.valid() || LeavesFloat(id)) continue;
      (rules_.symmetric ? plan_.fused : plan_.absorbed)[activation] = id;
      plan_.bounds[graph_.node(activation).output(0)] =
          *ActivationBounds(graph_, graph_.node(activation));
    }
  }

  void PlaceValues() {
    for (const NodeId id : graph_.nodes()) {
      if (plan_.quantized.count(id) == 0) continue;
      const Node& node = graph_.node(id);
      const OpRule& rule = RuleOf(id);
      for (const size_t slot : Slots(id)) PlaceEntry(node.inputs[slot]);
      if (rule.role == Role::kResidual) plan_.float_slot[id] = *MainSlot(id);
      if (LeavesFloat(id)) continue;
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (!node.outputs[i].valid()) continue;
        const NodeId activation = i == 0 ? FollowingActivation(id) : NodeId{};
        const bool absorbs =
            plan_.absorbed.count(activation) > 0 || plan_.fused.count(activation) > 0;
        const ValueId output = absorbs ? EffectiveOutput(id) : node.outputs[i];
        PlaceOutput(output, rule.role == Role::kSameScale ? node.inputs[0] : ir::kNoValue);
        if (rule.fixed_low < rule.fixed_high)
          plan_.fixed[output] = {rule.fixed_low, rule.fixed_high};
      }
    }
  }

  void PlaceOutput(ValueId value, ValueId same_scale_as) {
    plan_.output_values.push_back(value);
    placed_.insert(value);
    if (!same_scale_as.valid()) return Observe(value);
    const auto root = plan_.scale_of.find(same_scale_as);
    plan_.scale_of[value] = root == plan_.scale_of.end() ? same_scale_as : root->second;
  }

  void PlaceEntry(ValueId value) {
    if (placed_.count(value) > 0 || graph_.ConstantOf(value)) return;
    placed_.insert(value);
    plan_.entry_values.push_back(value);
    Observe(value);
    const NodeId made_by = graph_.producer(value);
    if (!made_by.valid()) return;
    if (const auto bounds = ActivationBounds(graph_, graph_.node(made_by)))
      plan_.bounds[value] = *bounds;
  }

  void Observe(ValueId value) { plan_.observe.push_back(graph_.value(value).name); }

  void Report() {
    for (const NodeId id : graph_.nodes()) {
      Decision decision{id, NodeLabel(graph_, id), graph_.node(id).op_type, false, {}};
      decision.quantized = plan_.quantized.count(id) > 0;
      const auto absorbed = plan_.absorbed.find(id), fused = plan_.fused.find(id);
      if (fused != plan_.fused.end())
        decision.reason = "disappears: " + graph_.Describe(fused->second) + " does it itself";
      else if (absorbed != plan_.absorbed.end())
        decision.reason =
            "disappears: the saturation of " + graph_.Describe(absorbed->second) + " does its work";
      else if (!decision.quantized)
        decision.reason = obstacles_[id];
      plan_.decisions.push_back(std::move(decision));
    }
  }

  std::string Summary() const {
    std::map<std::string, int> counts;
    for (const auto& [id, reason] : obstacles_) ++counts[graph_.node(id).op_type + ": " + reason];
    std::string text;
    for (const auto& [reason, count] : counts)
      text += (text.empty() ? ": " : ", ") + std::to_string(count) + " x " + reason;
    return text;
  }

  const ir::Model& model_;
  const Graph& graph_;
  const RuleSet& rules_;
  const Exclusions& exclusions_;
  StaticPlan plan_;
  std::map<NodeId, std::string> obstacles_;
  std::set<ValueId> placed_;
};

}  // namespace

std::vector<size_t> QuantizedSlots(const StaticPlan& plan, const ir::Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::vector<size_t> slots = DataInputSlots(*FindRule(*plan.rules, node), node);
  if (const auto kept = plan.float_slot.find(id); kept != plan.float_slot.end())
    std::erase(slots, kept->second);
  return slots;
}

Result<StaticPlan> PlanStatic(const ir::Model& model, const RuleSet& rules,
                              const Exclusions& exclusions) {
  EDGEOPT_CHECK_OK(exclusions.CheckAllUsed(model.graph));
  if (model.OpsetVersion() < OldestOpset(rules))
    return Unsupported((rules.activation_type == ir::DataType::kInt16
                            ? "quantization to int16 needs opset "
                            : "per-channel quantization needs opset ") +
                       std::to_string(OldestOpset(rules)) + ", the model has " +
                       std::to_string(model.OpsetVersion()));
  return Planner(model, rules, exclusions).Make();
}

std::set<std::string> ObservedByAnyRules(const ir::Model& model) {
  std::set<std::string> names;
  for (const RuleSet& rules : RuleSets()) {
    ir::Model newer = model;
    for (ir::OpsetImport& import : newer.opset_imports)
      if (import.domain.empty()) import.version = std::max(import.version, OldestOpset(rules));
    const auto plan = PlanStatic(newer, rules, {});
    // A rule set that quantizes nothing observes nothing.
    if (plan.ok()) names.insert(plan->observe.begin(), plan->observe.end());
  }
  return names;
}

}  // namespace edgeopt::passes::quantize
