#include "ir/model.h"

#include <gtest/gtest.h>

namespace edgeopt::ir {
namespace {

TEST(Model, OpsetVersionKnowsBothNamesOfTheDefaultDomain) {
  Model model;
  model.opset_imports = {{"ai.onnx", 17}, {"com.microsoft", 1}};
  EXPECT_EQ(model.OpsetVersion(), 17);
  EXPECT_EQ(model.OpsetVersion("com.microsoft"), 1);
  EXPECT_EQ(model.OpsetVersion("other"), 0);
}

TEST(Model, OpsetVersionIsTheHighestImported) {
  Model model;
  model.opset_imports = {{"", 11}, {"ai.onnx", 13}};
  EXPECT_EQ(model.OpsetVersion(), 13);
}

GraphPtr Subgraph(const std::string& name) {
  Graph graph;
  graph.name = name;
  graph.AddOutput(graph.AddInitializer("v", Tensor::Scalar(1.0f)));
  return std::make_shared<const Graph>(std::move(graph));
}

TEST(TransformGraphs, VisitsInnermostFirstAndFunctions) {
  Model model;
  model.graph.name = "main";
  model.graph.AddNode("If", {}, {model.graph.AddNamedValue("y")},
                      {{.name = "then_branch", .value = Subgraph("then")},
                       {.name = "bodies", .value = std::vector<GraphPtr>{Subgraph("a")}}});
  model.functions.emplace_back().body.name = "function";
  std::vector<std::string> visited;
  const auto visit = [&](Graph& graph) -> Result<bool> {
    visited.push_back(graph.name);
    return graph.name == "a";
  };
  EXPECT_TRUE(TransformGraphs(model, visit).value());
  EXPECT_EQ(visited, (std::vector<std::string>{"then", "a", "main", "function"}));
}

TEST(TransformGraphs, UnchangedSubgraphsStayShared) {
  Model model;
  const GraphPtr subgraph = Subgraph("then");
  const NodeId node = model.graph.AddNode("If", {}, {model.graph.AddNamedValue("y")},
                                          {{.name = "then_branch", .value = subgraph}});
  EXPECT_FALSE(TransformGraphs(model, [](Graph&) -> Result<bool> { return false; }).value());
  EXPECT_EQ(*model.graph.node(node).attributes[0].get<GraphPtr>(), subgraph);
}

TEST(TransformGraphs, ErrorsPassThrough) {
  Model model;
  EXPECT_FALSE(TransformGraphs(model, [](Graph&) -> Result<bool> { return BadInput("no"); }).ok());
}

}  // namespace
}  // namespace edgeopt::ir
