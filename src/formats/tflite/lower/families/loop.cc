// Loop: WHILE, whose condition and body are subgraphs of the file. Scan: passes/scan_to_loop makes
// it a Loop where it can.
#include <algorithm>
#include <optional>
#include <string>

#include "formats/tflite/lower/closed_graph.h"
#include "formats/tflite/lower/lowering.h"
#include "ops/loop_rounds.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Tensor;
using ir::Type;
using ir::ValueId;

constexpr const char* kFixSizes = "fix the sizes of the model's inputs with --shape";

Type ScalarOfType(DataType element) { return Type::OfTensor(element, ir::Shape{}); }

// All sizes are known, and none is 0.
bool HasElements(const Type& type) {
  const auto dims = type.static_dims();
  return dims && std::ranges::count(*dims, 0) == 0;
}

// WHILE's state is one list of tensors, which the condition reads and the body gives back:
//   the round, whether to go on, what the Loop carries, its scan outputs so far, what its body
//   reads from around, and the trip count if that is computed at run time.
class LoopLowering {
 public:
  explicit LoopLowering(NodeLowering& node) : node_(node) {}

  Status Run() {
    EDGEOPT_CHECK_OK(Read());
    EDGEOPT_CHECK_OK(CheckCarried());
    EDGEOPT_CHECK_OK(CheckScans());
    EDGEOPT_CHECK_OK(AddInitial());
    schema::WhileOptionsT options;
    EDGEOPT_TRY(options.cond_subgraph_index, Condition());
    const auto body = Body();
    if (!body.ok()) return body.error().Within("body");
    options.body_subgraph_index = *body;
    EDGEOPT_TRY(auto outputs, Outputs());
    std::vector<TensorIndex> inputs;
    for (const State& state : states_) inputs.push_back(state.initial);
    node_.file().Add(Op::WHILE, std::move(inputs), std::move(outputs), options);
    return OkStatus();
  }

 private:
  struct State {
    std::string name;
    Type type;
    TensorIndex initial = kOmitted;
  };

  // --- what there is ---

  Status Read() {
    EDGEOPT_TRY(const Graph* body, node_.GraphOf("body"));
    const size_t inputs = node_.node().inputs.size();
    carried_ = inputs - std::min<size_t>(inputs, 2);
    if (inputs < 2 || body->inputs().size() != inputs || body->outputs().size() < carried_ + 1 ||
        body->outputs().size() < node_.node().outputs.size() + 1)
      return BadInput("its body has " + std::to_string(body->inputs().size()) + " inputs and " +
                      std::to_string(body->outputs().size()) + " outputs; expected " +
                      std::to_string(inputs) + " and " +
                      std::to_string(node_.node().outputs.size() + 1));
    captured_ = CapturedValues(node_.graph(), {body});
    body_ = Closed(node_.graph(), *body, captured_);
    const auto constant_of = [&](ValueId id) { return node_.graph().ConstantOf(id); };
    goes_on_always_ = ops::GoesOnAlways(node_.node(), constant_of);
    rounds_ = ops::KnownRounds(node_.node(), constant_of);
    for (size_t i = carried_; i < node_.node().outputs.size(); ++i)
      if (node_.has_output(i)) scans_.push_back(i);
    return OkStatus();
  }

  // Of output i of the Loop, what the body gives.
  ValueId Given(size_t i) const { return body_.outputs()[i + 1]; }
  const Type& GivenType(size_t i) const { return body_.value(Given(i)).type; }

  // What a round takes has the type that it gives: LiteRT's tensors have one size in all rounds.
  Status CheckCarried() const {
    for (size_t i = 0; i < carried_; ++i) {
      const ir::Value& taken = body_.value(body_.inputs()[i + 2]);
      const Type &first = node_.InType(i + 2), &next = GivenType(i);
      if (HasElements(first) && first.element == next.element &&
          first.static_dims() == next.static_dims() &&
          first.static_dims() == taken.type.static_dims())
        continue;
      return node_.Unsupported("its carried value '" + taken.name + "' begins as " +
                                   ir::ToString(first) + " and is " + ir::ToString(next) +
                                   " after a round; it has to keep one shape of known sizes, none "
                                   "of them 0",
                               kFixSizes);
    }
    return OkStatus();
  }

  Status CheckScans() const {
    // What DYNAMIC_UPDATE_SLICE of LiteRT 2.1.4 copies.
    constexpr DataType kCopied[] = {DataType::kFloat32, DataType::kInt32, DataType::kInt64,
                                    DataType::kInt16,   DataType::kInt8,  DataType::kBool};
    for (const size_t i : scans_) {
      const std::string name = "its scan output '" + body_.value(Given(i)).name + "' ";
      if (!rounds_)
        return node_.Unsupported(name +
                                     "has a slice per round, and how many rounds there are depends "
                                     "on data; LiteRT's outputs have sizes known before it runs",
                                 "give the model a constant trip count and condition");
      if (*rounds_ == 0 || !HasElements(GivenType(i)))
        return node_.Unsupported(name + "is " + std::to_string(*rounds_) + " slices of " +
                                     ir::ToString(GivenType(i)) +
                                     "; all sizes have to be known, and none 0",
                                 kFixSizes);
      if (std::ranges::find(kCopied, GivenType(i).element) == std::end(kCopied))
        return node_.Unsupported(name + "is " + std::string(ir::Name(GivenType(i).element)) +
                                 ", of which LiteRT stacks no slices");
    }
    return OkStatus();
  }

  bool has_limit() const { return node_.has_input(0) || rounds_ == 0; }

  // --- the first state ---

  Status AddInitial() {
    EDGEOPT_TRY(const TensorIndex zero, node_.Constant(Tensor::Scalar<int64_t>(0), "first_round"));
    states_.push_back({node_.Name("round"), ScalarOfType(DataType::kInt64), zero});
    EDGEOPT_TRY(const TensorIndex go_on, FirstCondition());
    states_.push_back({node_.Name("go_on"), ScalarOfType(DataType::kBool), go_on});
    for (size_t i = 0; i < carried_; ++i) {
      EDGEOPT_TRY(const TensorIndex first, node_.In(i + 2));
      states_.push_back({body_.value(body_.inputs()[i + 2]).name, node_.InType(i + 2), first});
    }
    for (const size_t i : scans_) EDGEOPT_CHECK_OK(AddScan(i));
    for (const ValueId id : captured_) {
      EDGEOPT_TRY(const TensorIndex tensor, node_.TensorOf(id));
      const ir::Value& value = node_.graph().value(id);
      states_.push_back({value.name, value.type, tensor});
    }
    if (!node_.has_input(0) || node_.IsConstant(0)) return OkStatus();
    EDGEOPT_TRY(const TensorIndex count, node_.In(0));
    EDGEOPT_TRY(const TensorIndex limit, node_.AsScalar(count));
    states_.push_back({node_.Name("trip_count"), ScalarOfType(DataType::kInt64), limit});
    return OkStatus();
  }

  Result<TensorIndex> FirstCondition() {
    if (!node_.has_input(1)) return node_.Scalar(1, DataType::kBool);
    if (const auto known = node_.ScalarIn(1)) return node_.Scalar(*known, DataType::kBool);
    EDGEOPT_TRY(const TensorIndex condition, node_.In(1));
    return node_.AsScalar(condition);
  }

  // Room for the slices of all rounds.
  Status AddScan(size_t i) {
    Type type = GivenType(i);
    type.shape->insert(type.shape->begin(), ir::Dim::Of(*rounds_));
    EDGEOPT_TRY(const TensorIndex zero, node_.Scalar(0, type.element));
    EDGEOPT_TRY(const TensorIndex sizes, node_.Ints(*type.static_dims(), "sizes"));
    EDGEOPT_TRY(const TensorIndex room, node_.Temp(*type.shape, type.element, "room"));
    node_.file().Add(Op::BROADCAST_TO, {zero, sizes}, {room}, schema::BroadcastToOptionsT{});
    states_.push_back({body_.value(Given(i)).name + "_stacked", std::move(type), room});
    return OkStatus();
  }

  // --- the subgraphs ---

  Result<std::vector<TensorIndex>> AddInputs() {
    std::vector<TensorIndex> inputs;
    for (const State& state : states_) {
      EDGEOPT_TRY(const TensorIndex input,
                  node_.file().AddTensor(state.name, state.type.element, *state.type.shape));
      inputs.push_back(input);
    }
    node_.file().SetSubgraphInputs(inputs);
    return inputs;
  }

  Result<TensorIndex> Truth(const char* what) { return node_.Temp({}, DataType::kBool, what); }

  // The round is below the trip count, and the body said to go on.
  Result<int32_t> Condition() {
    const OpenedSubgraph opened(node_.file(), node_.Name("cond"));
    EDGEOPT_TRY(const auto inputs, AddInputs());
    EDGEOPT_TRY(const TensorIndex answer, Truth("answer"));
    TensorIndex below = kOmitted;
    if (has_limit()) {
      EDGEOPT_TRY(const TensorIndex limit, Limit(inputs));
      below = answer;
      if (!goes_on_always_) {
        EDGEOPT_TRY(below, Truth("below"));
      }
      node_.file().Add(Op::LESS, {inputs[0], limit}, {below}, schema::LessOptionsT{});
    }
    if (!has_limit())
      EDGEOPT_CHECK_OK(node_.ReshapeTo(inputs[1], {}, answer));
    else if (!goes_on_always_)
      node_.file().Add(Op::LOGICAL_AND, {below, inputs[1]}, {answer}, schema::LogicalAndOptionsT{});
    node_.file().SetSubgraphOutputs({answer});
    return opened.index();
  }

  Result<TensorIndex> Limit(const std::vector<TensorIndex>& inputs) {
    if (rounds_) return node_.Constant(Tensor::Scalar<int64_t>(*rounds_), "trip_count");
    if (!node_.IsConstant(0)) return inputs.back();
    EDGEOPT_TRY(const auto count, node_.IntsIn(0));
    return node_.Constant(Tensor::Scalar<int64_t>(count.front()), "trip_count");
  }

  Result<int32_t> Body() {
    // WHILE's outputs and the body's inputs lie in the same place, into which the results are
    // copied one by one: an input that is given on elsewhere would be overwritten before.
    for (size_t i = 0; i <= carried_; ++i)
      if (const ValueId given = body_.outputs()[i];
          body_.IsInput(given) && given != body_.inputs()[i + 1])
        ReplaceOutput(body_, i, "Identity", {given});
    const OpenedSubgraph opened(node_.file(), node_.Name("body"));
    EDGEOPT_TRY(const auto inputs, AddInputs());
    EDGEOPT_TRY(const auto arguments, Arguments(inputs));
    EDGEOPT_TRY(const auto results, node_.Lowered(body_, arguments));
    // What is only read comes out as it went in.
    std::vector<TensorIndex> outputs = inputs;
    EDGEOPT_TRY(outputs[0], NextRound(inputs[0]));
    EDGEOPT_TRY(outputs[1], node_.AsScalar(results[0]));
    for (size_t i = 0; i < carried_; ++i) outputs[2 + i] = results[1 + i];
    for (size_t k = 0; k < scans_.size(); ++k) {
      const size_t slot = 2 + carried_ + k;
      EDGEOPT_TRY(outputs[slot], Updated(inputs[slot], results[1 + scans_[k]], inputs[0]));
    }
    node_.file().SetSubgraphOutputs(std::move(outputs));
    return opened.index();
  }

  // Of the body as ONNX has it: round and condition may have one axis there.
  Result<std::vector<TensorIndex>> Arguments(const std::vector<TensorIndex>& inputs) {
    std::vector<TensorIndex> arguments;
    for (size_t i = 0; i < carried_ + 2; ++i) {
      TensorIndex argument = inputs[i];
      if (i < 2 && body_.value(body_.inputs()[i]).type.rank() == 1) {
        EDGEOPT_TRY(argument, node_.Reshape(argument, {ir::Dim::Of(1)}, "vector"));
      }
      arguments.push_back(argument);
    }
    const auto first = static_cast<std::ptrdiff_t>(2 + carried_ + scans_.size());
    arguments.insert(arguments.end(), inputs.begin() + first,
                     inputs.begin() + first + static_cast<std::ptrdiff_t>(captured_.size()));
    return arguments;
  }

  Result<TensorIndex> NextRound(TensorIndex round) {
    EDGEOPT_TRY(const TensorIndex one, node_.Constant(Tensor::Scalar<int64_t>(1), "one"));
    EDGEOPT_TRY(const TensorIndex next, node_.Temp({}, DataType::kInt64, "next_round"));
    node_.file().Add(Op::ADD, {round, one}, {next}, schema::AddOptionsT{});
    return next;
  }

  // `room` with the slice of this round.
  Result<TensorIndex> Updated(TensorIndex room, TensorIndex value, TensorIndex round) {
    const ir::Shape shape = node_.file().ShapeOf(room);
    ir::Shape slice_shape = shape;
    slice_shape.front() = ir::Dim::Of(1);
    EDGEOPT_TRY(const TensorIndex slice, node_.Reshape(value, slice_shape, "slice"));
    EDGEOPT_TRY(const TensorIndex start, Start(round, static_cast<int64_t>(shape.size())));
    EDGEOPT_TRY(const TensorIndex updated, node_.TempLike(room, shape, "stacked"));
    node_.file().Add(Op::DYNAMIC_UPDATE_SLICE, {room, slice, start}, {updated},
                     schema::DynamicUpdateSliceOptionsT{});
    return updated;
  }

  // [round, 0, ...], an index per axis.
  Result<TensorIndex> Start(TensorIndex round, int64_t rank) {
    EDGEOPT_TRY(const TensorIndex vector, node_.Reshape(round, {ir::Dim::Of(1)}, "round"));
    EDGEOPT_TRY(const TensorIndex index, node_.Cast(vector, DataType::kInt32, "index"));
    if (rank == 1) return index;
    EDGEOPT_TRY(const TensorIndex zeros,
                node_.Ints(std::vector<int64_t>(static_cast<size_t>(rank - 1), 0), "zeros"));
    EDGEOPT_TRY(const TensorIndex start,
                node_.Temp({ir::Dim::Of(rank)}, DataType::kInt32, "start"));
    node_.file().Add(Op::CONCATENATION, {index, zeros}, {start}, schema::ConcatenationOptionsT{});
    return start;
  }

  // --- what comes out ---

  Result<std::vector<TensorIndex>> Outputs() {
    std::vector<TensorIndex> outputs;
    for (size_t slot = 0; slot < states_.size(); ++slot) {
      const auto output = OutputOf(slot);
      const State& state = states_[slot];
      EDGEOPT_TRY(const TensorIndex tensor,
                  output ? node_.Out(*output)
                         : node_.Temp(*state.type.shape, state.type.element, "unread"));
      outputs.push_back(tensor);
    }
    return outputs;
  }

  // The Loop's output that the state becomes.
  std::optional<size_t> OutputOf(size_t slot) const {
    if (slot < 2 || slot >= 2 + carried_ + scans_.size()) return std::nullopt;
    const size_t output = slot - 2 < carried_ ? slot - 2 : scans_[slot - 2 - carried_];
    return node_.has_output(output) ? std::optional(output) : std::nullopt;
  }

  NodeLowering& node_;
  size_t carried_ = 0;
  std::vector<size_t> scans_;  // outputs of the Loop that are stacked and read
  std::vector<ValueId> captured_;
  Graph body_;
  bool goes_on_always_ = false;
  std::optional<int64_t> rounds_;
  std::vector<State> states_;
};

Status Loop(NodeLowering& node) { return LoopLowering(node).Run(); }

// One that is left.
Status Scan(NodeLowering& node) {
  return node.Unsupported("the length of its sequences, or the rank of its outputs, is not known",
                          kFixSizes);
}

constexpr Rule kRules[] = {
    {.op_type = "Loop", .lower = Loop, .types = Types::kFloatInt, .unranked = true},
    {.op_type = "Scan", .lower = Scan, .types = Types::kCast, .unranked = true},
};

}  // namespace

Family loop() { return {"loop", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
