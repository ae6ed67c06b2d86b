#include "passes/subgraph_types.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

ir::Model Typed(const std::string& text) {
  ir::Model model = ParseModel(text);
  const Status inferred = InferSubgraphTypes(model, formats::InferTypes);
  EXPECT_TRUE(inferred.ok()) << inferred.error().ToString();
  return model;
}

std::string TypeOf(const ir::Model& model, const std::string& name) {
  return ir::ToString(model.graph.value(model.graph.Find(name)).type);
}

std::string Loop(const std::string& next) {
  return "g (float[2] x, float c) => (float[A] y, float[B,C] z) <int64 n = {3}, bool yes = {1}> {\n"
         "k = Exp(c)\n"
         "l, r = Loop(n, yes, x) <body = b (int64 i, bool go, float[M] a) => (bool more, float[N] "
         "next, float[P] row) { more = Identity(go)\n next = " +
         next + "\n row = Neg(a) }>\n y = Abs(l)\n z = Exp(r)\n}";
}

TEST(SubgraphTypes, WhatALoopCarriesKeepsItsType) {
  const ir::Model model = Typed(Loop("Add(a, k)"));
  EXPECT_EQ(TypeOf(model, "l"), "float32[2]");
  EXPECT_EQ(TypeOf(model, "r"), "float32[3, 2]");
  const ir::Model nested = Typed(Loop(
      "Loop(n, yes, a) <body = b2 (int64 j, bool go2, float[Q] d) => (bool more2, float[R] next2) "
      "{ more2 = Identity(go2)\n next2 = Add(d, k) }>"));
  EXPECT_EQ(TypeOf(nested, "l"), "float32[2]");
}

TEST(SubgraphTypes, UnlessItChangesIt) {
  const ir::Model model = Typed(Loop("Concat<axis = 0>(a, a)"));
  EXPECT_EQ(ir::ToString(model.graph.value(model.graph.Find("l")).type).find("[2]"),
            std::string::npos);
  // Nothing inside believes in the first size.
  const ir::Node& loop = model.graph.node(model.graph.producer(model.graph.Find("l")));
  const auto& body = **loop.FindAttribute("body")->get<ir::GraphPtr>();
  EXPECT_FALSE(body.value(body.inputs()[2]).type.static_dims());
}

}  // namespace
}  // namespace edgeopt::passes
