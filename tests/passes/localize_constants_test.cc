#include "passes/localize_constants.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

std::string Branches(const std::string& then_branch) {
  std::string zeros = "0";
  for (int i = 1; i < 33; ++i) zeros += ", 0";
  return "g (bool c, float[1,3] x) => (float[A] y) <int64[1] axes = {0}, float[11,3] w = {" +
         zeros +
         "}> {\n"
         "y = If(c) <then_branch = t () => (float[B] u) { u = " +
         then_branch +
         " }, else_branch = e () => (float[D] v) <int64[1] all = {-1}> { v = Reshape(x, all) }>\n"
         "}";
}

const ir::Graph& ThenBranch(const ir::Model& model) {
  const ir::NodeId id = model.graph.producer(model.graph.outputs()[0]);
  return **model.graph.node(id).FindAttribute("then_branch")->get<ir::GraphPtr>();
}

TEST(LocalizeConstants, InferenceThenKnowsWhatTheyDecide) {
  ir::Model model = ParseModel(Branches("Squeeze(x, axes)"));
  const auto localized = LocalizeConstants(model);
  ASSERT_TRUE(localized.ok()) << localized.error().ToString();
  EXPECT_EQ(*localized, 1);
  const ir::Graph& branch = ThenBranch(model);
  ASSERT_EQ(branch.captured().size(), 1u);  // x
  ASSERT_EQ(branch.initializers().size(), 1u);
  EXPECT_EQ(*branch.value(branch.initializers()[0]).initializer, ir::Tensor::Of<int64_t>({1}, {0}));
  EXPECT_TRUE(formats::CheckModel(model).ok());
  ASSERT_TRUE(formats::InferTypes(model).ok());
  const ir::Graph& inferred = ThenBranch(model);
  EXPECT_EQ(ir::ToString(inferred.value(inferred.outputs()[0]).type), "float32[3]");
}

TEST(LocalizeConstants, OneOfAnInnerSubgraphToo) {
  ir::Model model =
      ParseModel(Branches("If(c) <then_branch = t2 () => (float[E] q) { q = Squeeze(x, axes) }, "
                          "else_branch = e2 () => (float[F] r) { r = Squeeze(x, axes) }>"));
  const auto localized = LocalizeConstants(model);
  ASSERT_TRUE(localized.ok()) << localized.error().ToString();
  EXPECT_EQ(*localized, 2);
  EXPECT_TRUE(formats::CheckModel(model).ok());
}

TEST(LocalizeConstants, WeightsAndWhatIsComputedStayOutside) {
  for (const char* body : {"Add(x, w)", "Neg(x)"}) {
    ir::Model model = ParseModel(Branches(body));
    const auto localized = LocalizeConstants(model);
    ASSERT_TRUE(localized.ok()) << localized.error().ToString();
    EXPECT_EQ(*localized, 0) << body;
  }
}

}  // namespace
}  // namespace edgeopt::passes
