#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/model.h"
#include "ir/verifier.h"

namespace edgeopt::ir {
namespace {

// x -> Relu "first" -> a -> Neg "second" -> y
struct Chain {
  Graph graph;
  ValueId x, a, y;
  NodeId first, second;

  Chain() {
    x = graph.AddNamedValue("x");
    a = graph.AddNamedValue("a");
    y = graph.AddNamedValue("y");
    graph.AddInput(x);
    graph.AddOutput(y);
    first = graph.AddNode("Relu", {x}, {a}, {}, "first");
    second = graph.AddNode("Neg", {a}, {y}, {}, "second");
  }
};

Status Check(Graph graph) {
  Model model;
  model.graph = std::move(graph);
  return Verify(model);
}

// A subgraph whose output is Add(captured name, own value "inner").
GraphPtr CapturingSubgraph(const std::string& captured) {
  Graph graph;
  const ValueId outside = graph.AddNamedValue(captured);
  graph.SetCaptured(outside);
  const ValueId inner = graph.AddNamedValue("inner");
  graph.AddNode("Add", {outside, outside}, {inner});
  graph.AddOutput(inner);
  return std::make_shared<const Graph>(std::move(graph));
}

// An If whose branches read `captured`, with output "chosen".
NodeId AddIf(Graph& graph, ValueId condition, const std::string& captured) {
  Attribute then_branch{.name = "then_branch", .value = CapturingSubgraph(captured)};
  Attribute else_branch{.name = "else_branch", .value = CapturingSubgraph(captured)};
  const ValueId chosen = graph.AddNamedValue("chosen");
  return graph.AddNode("If", {condition}, {chosen}, {then_branch, else_branch}, "if");
}

TEST(Graph, UsesAndProducers) {
  Chain c;
  EXPECT_EQ(c.graph.producer(c.a), c.first);
  EXPECT_FALSE(c.graph.producer(c.x).valid());
  ASSERT_EQ(c.graph.uses(c.a).size(), 1u);
  EXPECT_EQ(c.graph.uses(c.a)[0], (Use{c.second, 0}));
  EXPECT_EQ(c.graph.OnlyUser(c.a), c.second);
  EXPECT_FALSE(c.graph.OnlyUser(c.y).valid());  // a graph output
  EXPECT_NE(c.graph.ProducerIf(c.a, "Relu"), nullptr);
  EXPECT_EQ(c.graph.ProducerIf(c.a, "Neg"), nullptr);
  EXPECT_EQ(c.graph.Describe(c.first), "node 'first' (Relu)");
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, SameValueTwice) {
  Chain c;
  const ValueId b = c.graph.AddValue("b");
  const NodeId add = c.graph.AddNode("Add", {c.a, c.a}, {b});
  EXPECT_EQ(c.graph.uses(c.a).size(), 3u);
  EXPECT_FALSE(c.graph.HasSingleUse(c.a));
  c.graph.RemoveNode(add);
  EXPECT_EQ(c.graph.uses(c.a).size(), 1u);
}

TEST(Graph, NamesAreMadeUnique) {
  Chain c;
  EXPECT_EQ(c.graph.value(c.graph.AddValue("a")).name, "a_1");
  EXPECT_EQ(c.graph.value(c.graph.AddValue("a")).name, "a_2");
  EXPECT_EQ(c.graph.value(c.graph.AddValue("")).name, "value");
  EXPECT_FALSE(c.graph.AddNamedValue("a").valid());
  EXPECT_FALSE(c.graph.AddNamedValue("").valid());
  c.graph.ReserveNames(std::make_shared<const std::unordered_set<std::string>>(
      std::unordered_set<std::string>{"taken"}));
  EXPECT_EQ(c.graph.value(c.graph.AddValue("taken")).name, "taken_1");
}

TEST(Graph, NamesAvoidSubgraphs) {
  Chain c;
  AddIf(c.graph, c.x, "a");
  EXPECT_EQ(c.graph.value(c.graph.AddValue("inner")).name, "inner_1");
}

TEST(Graph, RemovedNamesAreFreeAgain) {
  Chain c;
  const ValueId b = c.graph.AddValue("b");
  c.graph.RemoveValue(b);
  EXPECT_FALSE(c.graph.alive(b));
  EXPECT_TRUE(c.graph.AddNamedValue("b").valid());
}

TEST(Graph, SetInputGrowsWithOmittedInputs) {
  Chain c;
  c.graph.SetInput(c.second, 2, c.x);
  EXPECT_EQ(c.graph.node(c.second).inputs, (std::vector<ValueId>{c.a, kNoValue, c.x}));
  EXPECT_EQ(c.graph.uses(c.x).size(), 2u);
  c.graph.SetNodeInputs(c.second, {c.x});
  EXPECT_TRUE(c.graph.uses(c.a).empty());
  EXPECT_EQ(c.graph.uses(c.x).size(), 2u);
}

TEST(Graph, ReplaceUsesLeavesOutputsAlone) {
  Chain c;
  c.graph.ReplaceUses(c.a, c.x);
  EXPECT_TRUE(c.graph.uses(c.a).empty());
  EXPECT_EQ(c.graph.node(c.second).inputs[0], c.x);
  c.graph.ReplaceUses(c.y, c.x);
  EXPECT_TRUE(c.graph.IsOutput(c.y));
}

TEST(Graph, ReplaceEverywhereKeepsTheOutputsName) {
  Chain c;
  ASSERT_TRUE(c.graph.ReplaceEverywhere(c.y, c.a));
  c.graph.RemoveUnused();
  EXPECT_EQ(c.graph.outputs(), std::vector<ValueId>{c.a});
  EXPECT_EQ(c.graph.value(c.a).name, "y");
  EXPECT_EQ(c.graph.node_count(), 1u);
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, ReplaceEverywhereRefusesInputsAsOutputs) {
  Chain c;
  EXPECT_FALSE(c.graph.ReplaceEverywhere(c.y, c.x));
  EXPECT_EQ(c.graph.value(c.y).name, "y");
  // Not an output: an input may take its place.
  EXPECT_TRUE(c.graph.ReplaceEverywhere(c.a, c.x));
}

TEST(Graph, ConstantOf) {
  Chain c;
  const ValueId weight = c.graph.AddInitializer("w", Tensor::Of<float>({2}, {1, 2}));
  EXPECT_EQ(c.graph.ConstantOf(weight)->size(), 2);
  EXPECT_EQ(ToString(c.graph.value(weight).type), "float32[2]");
  c.graph.AddInput(weight);  // now a caller may override it
  EXPECT_FALSE(c.graph.ConstantOf(weight).has_value());
  EXPECT_FALSE(c.graph.ConstantOf(kNoValue).has_value());
  EXPECT_FALSE(c.graph.ConstantOf(c.a).has_value());
  const ValueId made = c.graph.AddValue("made");
  c.graph.AddNode("Constant", {}, {made},
                  {{.name = "value_ints", .value = std::vector<int64_t>{4, 5}}});
  EXPECT_EQ(c.graph.ConstantOf(made)->ToInts().value(), (std::vector<int64_t>{4, 5}));
}

TEST(Graph, RemoveUnusedFollowsChains) {
  Chain c;
  const ValueId b = c.graph.AddValue("b"), d = c.graph.AddValue("d");
  const ValueId weight = c.graph.AddInitializer("w", Tensor::Scalar(1.0f));
  c.graph.AddNode("Add", {c.a, weight}, {b});
  c.graph.AddNode("Neg", {b}, {d});
  EXPECT_EQ(c.graph.RemoveUnused(), 2);
  EXPECT_FALSE(c.graph.alive(weight));
  EXPECT_TRUE(c.graph.alive(c.x));
  EXPECT_EQ(c.graph.node_count(), 2u);
  EXPECT_EQ(c.graph.RemoveUnused(), 0);
}

TEST(Graph, RemoveUnusedKeepsCaptures) {
  Chain c;
  const NodeId branch = AddIf(c.graph, c.x, "a");
  c.graph.AddOutput(c.graph.node(branch).outputs[0]);
  EXPECT_EQ(c.graph.RemoveUnused(), 0);
  EXPECT_EQ(c.graph.uses(c.a).size(), 2u);
  c.graph.SetOutputs({c.y});
  EXPECT_EQ(c.graph.RemoveUnused(), 1);
  EXPECT_EQ(c.graph.uses(c.a).size(), 1u);
}

TEST(Graph, SortKeepsAValidOrder) {
  Chain c;
  const ValueId b = c.graph.AddValue("b");
  const NodeId other = c.graph.AddNode("Neg", {c.x}, {b});
  ASSERT_TRUE(c.graph.SortTopologically().ok());
  EXPECT_EQ(c.graph.nodes(), (std::vector<NodeId>{c.first, c.second, other}));
}

TEST(Graph, SortMovesLateProducers) {
  Chain c;
  const ValueId late = c.graph.AddValue("late");
  c.graph.SetInput(c.first, 0, late);
  const NodeId producer = c.graph.AddNode("Neg", {c.x}, {late});
  ASSERT_TRUE(c.graph.SortTopologically().ok());
  EXPECT_EQ(c.graph.nodes(), (std::vector<NodeId>{producer, c.first, c.second}));
}

TEST(Graph, SortSeesCaptures) {
  Chain c;
  const ValueId late = c.graph.AddNamedValue("late");
  const NodeId branch = AddIf(c.graph, c.x, "late");
  const NodeId producer = c.graph.AddNode("Neg", {c.x}, {late});
  ASSERT_TRUE(c.graph.SortTopologically().ok());
  EXPECT_EQ(c.graph.nodes(), (std::vector<NodeId>{c.first, c.second, producer, branch}));
}

TEST(Graph, CyclesAreNamed) {
  Chain c;
  c.graph.SetInput(c.first, 0, c.y);
  const Status status = c.graph.SortTopologically();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kBadInput);
  EXPECT_NE(status.error().message.find("node 'first' (Relu) is on a cycle"), std::string::npos);
}

// --- subgraphs ---

TEST(Graph, RenameReachesIntoSubgraphs) {
  Chain c;
  const NodeId branch = AddIf(c.graph, c.x, "a");
  ASSERT_TRUE(c.graph.Rename(c.a, "renamed"));
  ForEachSubgraph(c.graph.node(branch), [](const std::string&, const Graph& subgraph) {
    EXPECT_TRUE(subgraph.Find("renamed").valid());
    EXPECT_FALSE(subgraph.Find("a").valid());
  });
  EXPECT_FALSE(c.graph.Rename(c.a, "x"));
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, ReplaceUsesReachesIntoSubgraphs) {
  Chain c;
  const NodeId branch = AddIf(c.graph, c.x, "a");
  c.graph.ReplaceUses(c.a, c.x);
  EXPECT_EQ(c.graph.node(branch).captures, std::vector<ValueId>{c.x});
  EXPECT_TRUE(c.graph.uses(c.a).empty());
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, ReplaceUsesInsideTransformedSubgraphs) {
  // A transformed subgraph holds the reserved names of its surroundings; a capture takes such a
  // name.
  Chain c;
  const NodeId branch = AddIf(c.graph, c.x, "a");
  const auto touch = [](Graph& graph) -> Result<bool> {
    graph.doc_string = "touched";
    return true;
  };
  ASSERT_TRUE(TransformGraph(c.graph, touch).ok());
  c.graph.ReplaceUses(c.a, c.x);
  EXPECT_EQ(c.graph.node(branch).captures, std::vector<ValueId>{c.x});
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, CaptureWinsOverAnInnerValueOfThatName) {
  Chain c;
  const NodeId branch = AddIf(c.graph, c.x, "a");
  const ValueId inner = c.graph.AddNamedValue("inner");  // the subgraphs have one, too
  c.graph.AddNode("Neg", {c.x}, {inner});
  c.graph.ReplaceUses(c.a, inner);
  EXPECT_EQ(c.graph.node(branch).captures, std::vector<ValueId>{inner});
  ForEachSubgraph(c.graph.node(branch), [](const std::string&, const Graph& subgraph) {
    EXPECT_TRUE(subgraph.value(subgraph.Find("inner")).captured);
    EXPECT_TRUE(subgraph.Find("inner_inner").valid());
  });
  EXPECT_TRUE(Check(c.graph).ok());
}

TEST(Graph, CopiesAreIndependent) {
  Chain c;
  Graph copy = c.graph;
  copy.RemoveNode(c.second);
  EXPECT_EQ(c.graph.node_count(), 2u);
  EXPECT_EQ(copy.node_count(), 1u);
  EXPECT_TRUE(c.graph.alive(c.second));
}

}  // namespace
}  // namespace edgeopt::ir
