// Two models on the same samples: the figures are worked by hand.
#include "measure/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ort.h"

namespace edgeopt::measure {
namespace {

using ir::Tensor;

ir::Model Parse(const std::string& body) {
  auto model = formats::ParseText(
      "<ir_version: 8, opset_import: [\"\" : 17]>\ng (float[1,2] x) => (float[1,2] y) {" + body +
      "}");
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  return *model;
}

Result<std::vector<Tensor>> Sample(int64_t index) {
  Tensor tensor = Tensor::Of({1, 2}, std::vector<float>{3, static_cast<float>(index)});
  tensor.name = "x";
  return std::vector<Tensor>{tensor};
}

// `inside`: values of both models that are handed out.
Result<Comparison> CompareOn(const ir::Model& a, const ir::Model& b, int64_t samples,
                             const std::vector<std::string>& inside = {}) {
  const auto with_outputs = [&](ir::Model model) {
    std::vector<ir::ValueId> outputs;
    for (const std::string& name : inside) outputs.push_back(model.graph.Find(name));
    model.graph.SetOutputs(std::move(outputs));
    model.graph.RemoveUnused();
    return model;
  };
  EDGEOPT_TRY(const auto first, testing::LoadModel(a));
  EDGEOPT_TRY(const auto second, testing::LoadModel(b));
  Comparands comparands{{*first, *second}, {}, inside, {{"a", "Neg"}}};
  if (inside.empty()) return Compare(comparands, Sample, samples);
  EDGEOPT_TRY(const auto first_inside, testing::LoadModel(with_outputs(a)));
  EDGEOPT_TRY(const auto second_inside, testing::LoadModel(with_outputs(b)));
  comparands.inside.emplace(SessionPair{*first_inside, *second_inside});
  return Compare(comparands, Sample, samples);
}

// a = -x in both; y = a against y = 1.1 a: the error is a tenth, so 20 dB; cosine 1.
TEST(Compare, OutputsAndLayersByName) {
  const auto comparison = CompareOn(
      Parse("a = Neg(x)\n y = Identity(a)"),
      Parse("a = Neg(x)\n k = Constant<value_float = 1.1>()\n y = Mul(a, k)"), 3, {"a", "y"});
  ASSERT_TRUE(comparison.ok()) << comparison.error().ToString();
  EXPECT_EQ(comparison->samples, 3);
  EXPECT_EQ(comparison->top1_agreements, 3);
  ASSERT_EQ(comparison->values.size(), 3u);  // layers a and y, output y
  EXPECT_EQ(comparison->values[0].name, "a");
  EXPECT_TRUE(std::isinf(comparison->values[0].sqnr_db));
  EXPECT_EQ(comparison->values[0].made_by, "Neg");
  EXPECT_TRUE(comparison->values[2].output);
  EXPECT_NEAR(comparison->values[2].sqnr_db, 20.0, 1e-4);
  EXPECT_NEAR(comparison->values[2].cosine, 1.0, 1e-6);
  EXPECT_NEAR(comparison->values[2].max_abs_error, 0.3, 1e-6);
}

// y = x picks place 0 while index <= 3 (ties: the lowest), y = -x the other one.
TEST(Compare, Top1AgreementBreaksTiesByLowestIndex) {
  const auto comparison = CompareOn(Parse("y = Identity(x)"), Parse("y = Neg(x)"), 5);
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->top1_agreements, 1);  // only index 3, where both elements are equal
  EXPECT_EQ(comparison->values.size(), 1u);
}

TEST(Compare, AMissingOutputIsAnError) {
  auto other = formats::ParseText(
      "<ir_version: 8, opset_import: [\"\" : 17]>\ng (float[1,2] x) => (float[1,2] z) { z = Neg(x) "
      "}");
  ASSERT_TRUE(other.ok());
  const auto comparison = CompareOn(Parse("y = Neg(x)"), *other, 1);
  ASSERT_FALSE(comparison.ok());
  EXPECT_NE(comparison.error().message.find("'y'"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::measure
