// IF and WHILE, whose bodies are other subgraphs of the file: If and Loop.
#include <map>
#include <memory>

#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// Names inside must be none of those around.
ir::Graph BodyIn(const ir::Graph& outer, const char* name) {
  ir::Graph body;
  body.name = name;
  body.ReserveNames(std::make_shared<const std::unordered_set<std::string>>(ir::AllNames(outer)));
  return body;
}

// A body's output has to be made in the body.
void AddOutput(ir::Graph& body, ValueId value) {
  const ValueId output = body.AddValue("output", body.value(value).type);
  body.AddNode("Identity", {value}, {output}, {}, body.value(output).name);
  body.AddOutput(output);
}

// The values around, by their names.
std::vector<ValueId> Captured(const ir::Graph& outer, ir::Graph& body,
                              const std::vector<ValueId>& values) {
  std::map<ValueId, ValueId> known;
  std::vector<ValueId> captured;
  for (const ValueId value : values) {
    auto& inside = known[value];
    if (!inside.valid()) {
      inside = body.AddNamedValue(outer.value(value).name);
      body.SetCaptured(inside);
      body.SetType(inside, outer.value(value).type);
    }
    captured.push_back(inside);
  }
  return captured;
}

Result<ir::GraphPtr> Branch(OperatorRaising& op, int64_t subgraph,
                            const std::vector<ValueId>& arguments, const char* name) {
  ir::Graph body = BodyIn(op.graph(), name);
  EDGEOPT_TRY(const auto outputs, op.Called(subgraph, body, Captured(op.graph(), body, arguments)));
  if (outputs.size() != op.output_count())
    return BadInput("a branch has " + std::to_string(outputs.size()) + " outputs; expected " +
                    std::to_string(op.output_count()));
  for (const ValueId output : outputs) AddOutput(body, output);
  body.RemoveUnused();
  return std::make_shared<const ir::Graph>(std::move(body));
}

// Inputs: the condition, the arguments of either branch.
Status If(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::IfOptionsT>());
  const std::vector<ValueId> arguments = op.StoredFrom(1);
  EDGEOPT_TRY(const auto yes, Branch(op, options.then_subgraph_index, arguments, "then"));
  EDGEOPT_TRY(const auto no, Branch(op, options.else_subgraph_index, arguments, "else"));
  return op.OutStored(
      op.Nodes("If", op.output_count(), {op.In(0)}, {{"then_branch", yes}, {"else_branch", no}}));
}

// ONNX's conditions are scalars.
ValueId AsScalar(ir::Graph& graph, ValueId condition) {
  const ValueId shape = graph.AddInitializer("scalar", ir::Tensor::Of<int64_t>({0}, {}));
  const ValueId scalar =
      graph.AddValue("condition", ir::Type::OfTensor(ir::DataType::kBool, ir::Shape{}));
  graph.AddNode("Reshape", {condition, shape}, {scalar}, {}, graph.value(scalar).name);
  return scalar;
}

// One round: the next values, and whether there is another.
Result<ir::GraphPtr> Round(OperatorRaising& op, const schema::WhileOptionsT& options,
                           const std::vector<ValueId>& initial) {
  ir::Graph body = BodyIn(op.graph(), "body");
  const auto add_input = [&](const char* name, ir::Type type) {
    const ValueId input = body.AddValue(name, std::move(type));
    body.AddInput(input);
    return input;
  };
  add_input("round", ir::Type::OfTensor(ir::DataType::kInt64, ir::Shape{}));
  add_input("go_on", ir::Type::OfTensor(ir::DataType::kBool, ir::Shape{}));
  std::vector<ValueId> arguments;
  for (const ValueId value : initial)
    arguments.push_back(add_input("carried", op.graph().value(value).type));
  EDGEOPT_TRY(const auto next, op.Called(options.body_subgraph_index, body, arguments));
  if (next.size() != initial.size())
    return BadInput("its body has " + std::to_string(next.size()) + " outputs; expected " +
                    std::to_string(initial.size()));
  EDGEOPT_TRY(const auto condition, op.Called(options.cond_subgraph_index, body, next));
  if (condition.size() != 1) return BadInput("its condition has more outputs than one");
  AddOutput(body, AsScalar(body, condition.front()));
  for (const ValueId value : next) AddOutput(body, value);
  body.RemoveUnused();
  return std::make_shared<const ir::Graph>(std::move(body));
}

// The condition is asked before each round, the first included.
Status While(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::WhileOptionsT>());
  const std::vector<ValueId> initial = op.StoredFrom(0);
  if (op.output_count() != initial.size())
    return BadInput("it has " + std::to_string(initial.size()) + " inputs and " +
                    std::to_string(op.output_count()) + " outputs");
  EDGEOPT_TRY(const auto first, op.Called(options.cond_subgraph_index, op.graph(), initial));
  if (first.size() != 1) return BadInput("its condition has more outputs than one");
  EDGEOPT_TRY(const auto body, Round(op, options, initial));
  std::vector<ValueId> inputs = {ir::kNoValue, AsScalar(op.graph(), first.front())};
  inputs.insert(inputs.end(), initial.begin(), initial.end());
  return op.OutStored(op.Nodes("Loop", op.output_count(), std::move(inputs), {{"body", body}}));
}

constexpr Rule kRules[] = {
    {.op = Op::IF, .raise = If, .most_inputs = kAnyNumber},
    {.op = Op::WHILE, .raise = While, .most_inputs = kAnyNumber},
};

}  // namespace

Family control() { return {"control", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
