#include "ir/verifier.h"

#include <gtest/gtest.h>

namespace edgeopt::ir {
namespace {

Model Valid() {
  Model model;
  Graph& graph = model.graph;
  graph.name = "g";
  const ValueId x = graph.AddNamedValue("x"), y = graph.AddNamedValue("y");
  graph.AddInput(x);
  graph.AddNode("Relu", {x}, {y}, {}, "relu");
  graph.AddOutput(y);
  return model;
}

void ExpectBroken(const Model& model, const std::string& message) {
  const Status status = Verify(model);
  ASSERT_FALSE(status.ok()) << message;
  EXPECT_EQ(status.error().code, ErrorCode::kBadInput);
  EXPECT_NE(status.error().message.find(message), std::string::npos) << status.error().message;
}

TEST(Verify, AcceptsAValidModel) { EXPECT_TRUE(Verify(Valid()).ok()); }

TEST(Verify, NoOutputs) {
  Model model = Valid();
  model.graph.SetOutputs({});
  ExpectBroken(model, "the model has no outputs");
}

TEST(Verify, UndefinedInput) {
  Model model = Valid();
  model.graph.SetInput(model.graph.nodes()[0], 0, model.graph.AddNamedValue("ghost"));
  ExpectBroken(model, "node 'relu' (Relu) reads 'ghost', which nothing defines");
}

TEST(Verify, UndefinedOutput) {
  Model model = Valid();
  model.graph.AddOutput(model.graph.AddNamedValue("ghost"));
  ExpectBroken(model, "the output 'ghost' is produced by nothing");
}

TEST(Verify, RemovedValues) {
  Model model = Valid();
  model.graph.RemoveNode(model.graph.nodes()[0]);
  model.graph.RemoveValue(model.graph.Find("y"));
  ExpectBroken(model, "an output was removed");
}

TEST(Verify, InputTwice) {
  Model model = Valid();
  model.graph.AddInput(model.graph.inputs()[0]);
  ExpectBroken(model, "the input 'x' occurs twice");
}

TEST(Verify, TwoDefinitions) {
  Model model = Valid();
  model.graph.SetInitializer(model.graph.Find("y"), Tensor::Scalar(1.0f));
  ExpectBroken(model, "'y' has more than one definition");
  model = Valid();
  model.graph.AddInput(model.graph.Find("y"));
  ExpectBroken(model, "'y' has more than one definition");
}

TEST(Verify, TwoProducers) {
  Model model = Valid();
  model.graph.AddNode("Neg", {model.graph.Find("x")}, {model.graph.Find("y")});
  ExpectBroken(model, "has another producer");
}

TEST(Verify, Cycle) {
  Model model = Valid();
  model.graph.SetInput(model.graph.nodes()[0], 0, model.graph.Find("y"));
  ExpectBroken(model, "is on a cycle");
}

TEST(Verify, CaptureWithoutDefinition) {
  Model model = Valid();
  const ValueId outside = model.graph.AddNamedValue("outside");
  model.graph.SetCaptured(outside);
  ExpectBroken(model, "'outside' is not defined in an enclosing graph");
}

TEST(Verify, LooksIntoSubgraphs) {
  Graph inner;
  inner.name = "inner";
  inner.AddOutput(inner.AddNamedValue("ghost"));
  Model model = Valid();
  Graph& graph = model.graph;
  graph.AddNode("If", {graph.Find("x")}, {graph.AddNamedValue("z")},
                {{.name = "then_branch", .value = std::make_shared<const Graph>(inner)}}, "if");
  ExpectBroken(model,
               "node 'if' (If), then_branch: graph 'inner': the output 'ghost' is produced by "
               "nothing");
}

TEST(Verify, LooksIntoFunctions) {
  Model model = Valid();
  Function function;
  function.name = "f";
  function.body.AddOutput(function.body.AddNamedValue("ghost"));
  model.functions.push_back(std::move(function));
  ExpectBroken(model, "function 'f'");
}

}  // namespace
}  // namespace edgeopt::ir
