#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "canonicalize-range";

TEST(CanonicalizeRange, VectorsOfOneBecomeScalars) {
  ir::Model model = ParseModel(
      "g (int64[1] n) => (int64[k] y) <int64[1] zero = {0}, int64 one = {1}> {\n"
      "y = Range(zero, n, one) }");
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 2);
  EXPECT_EQ(
      formats::PrintGraph(model.graph),
      formats::PrintGraph(
          ParseModel("g (int64[1] n) => (int64[k] y) <int64 zero = {0}, int64 one = {1},"
                     " int64[1] axis = {0}> {\n m = Squeeze(n, axis)\n y = Range(zero, m, one) }")
              .graph));
  ir::Tensor n = ir::Tensor::Of<int64_t>({1}, {3});
  n.name = "n";
  const auto outputs = testing::RunModel(model, {n});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].ToInts().value(), (std::vector<int64_t>{0, 1, 2}));
}

TEST(CanonicalizeRange, NotScalars) {
  ExpectUnchanged(kPass,
                  "g (int64 n) => (int64[k] y) <int64 zero = {0}, int64 one = {1}> {\n"
                  "y = Range(zero, n, one) }",
                  "");
}

}  // namespace
}  // namespace edgeopt::passes
