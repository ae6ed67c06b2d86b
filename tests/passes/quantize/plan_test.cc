// Where Q and DQ go: decisions of the planner on graphs small enough to work out by hand.
#include "passes/quantize/plan.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"

namespace edgeopt::passes::quantize {
namespace {

ir::Model Parse(const std::string& graph, int opset = 17) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) +
                                  "]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

Result<StaticPlan> Plan(const ir::Model& model, std::vector<std::string> exclude = {}) {
  return PlanStatic(model, *FindRuleSet("onnxruntime-x64"), Exclusions(std::move(exclude)));
}

// The reason why the node with this label stays float; "int8" when it does not.
std::string Verdict(const StaticPlan& plan, const std::string& label) {
  for (const Decision& decision : plan.decisions)
    if (decision.label == label) return decision.quantized ? "int8" : decision.reason;
  return "no such node";
}

std::vector<std::string> Names(const ir::Model& model, const std::vector<ir::ValueId>& ids) {
  std::vector<std::string> names;
  for (const ir::ValueId id : ids) names.push_back(model.graph.value(id).name);
  return names;
}

constexpr char kConvReluConv[] = R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w1 = {1.0}, float[1] b1 = {0.5}, float[1,1,1,1] w2 = {2.0}> {
  a = Conv(x, w1, b1)
  r = Relu(a)
  y = Conv(r, w2)
})";

TEST(PlanStatic, ReluBehindConvDisappears) {
  const ir::Model model = Parse(kConvReluConv);
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Verdict(*plan, "a"), "int8");
  EXPECT_EQ(Verdict(*plan, "y"), "int8");
  EXPECT_NE(Verdict(*plan, "r").find("disappears"), std::string::npos) << Verdict(*plan, "r");
  EXPECT_EQ(plan->observe, (std::vector<std::string>{"x", "r", "y"}));
  EXPECT_EQ(Names(model, plan->entry_values), (std::vector<std::string>{"x"}));
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{"r", "y"}));
  const Bounds bounds = plan->bounds.at(model.graph.Find("r"));
  EXPECT_EQ(bounds.low, 0.0f);
}

TEST(PlanStatic, ReluWithASecondReaderOfItsInputStays) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y, float[1,1,4,4] e)
<float[1,1,1,1] w1 = {1.0}, float[1,1,1,1] w2 = {2.0}> {
  a = Conv(x, w1)
  r = Relu(a)
  y = Conv(r, w2)
  e = Exp(a)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->absorbed.empty());
  EXPECT_EQ(Verdict(*plan, "r"), "Relu has no int8 kernel in this runtime");
  EXPECT_EQ(Names(model, plan->entry_values), (std::vector<std::string>{"x", "r"}));
  EXPECT_EQ(plan->bounds.count(model.graph.Find("r")), 1u);
}

TEST(PlanStatic, ClipLimitsBecomeBounds) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w1 = {1.0}, float[1,1,1,1] w2 = {2.0}, float low = {0.0}, float high = {6.0}> {
  a = Conv(x, w1)
  r = Clip(a, low, high)
  y = Conv(r, w2)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  const Bounds bounds = plan->bounds.at(model.graph.Find("r"));
  EXPECT_EQ(bounds.low, 0.0f);
  EXPECT_EQ(bounds.high, 6.0f);
  EXPECT_EQ(plan->absorbed.size(), 1u);
}

// A quantizer's range always holds zero, so it can't do the work of a Clip to [1, 6].
TEST(PlanStatic, ClipWithoutZeroStays) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w1 = {1.0}, float[1,1,1,1] w2 = {2.0}, float low = {1.0}, float high = {6.0}> {
  a = Conv(x, w1)
  r = Clip(a, low, high)
  y = Conv(r, w2)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->absorbed.empty());
  EXPECT_TRUE(plan->bounds.empty());
}

TEST(PlanStatic, ResidualAddRunsInInt8WithItsRelu) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w = {1.0}> {
  a = Conv(x, w)
  b = Conv(a, w)
  s = Add(a, b)
  r = Relu(s)
  y = Conv(r, w)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Verdict(*plan, "s"), "int8");
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{"a", "b", "r", "y"}));
}

TEST(PlanStatic, AddThatOnlyFloatOperatorsReadStaysFloat) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w = {1.0}> {
  a = Conv(x, w)
  s = Add(a, a)
  y = Exp(s)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Verdict(*plan, "s"), "no int8 operator reads its output");
}

TEST(PlanStatic, SameScaleOperatorsTakeTheirInputsScale) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,2] y)
<float[1,1,1,1] w = {1.0}, float[4,2] fc = {1,2,3,4,5,6,7,8}> {
  a = Conv(x, w)
  p = MaxPool<kernel_shape = [2,2], strides = [2,2]>(a)
  f = Flatten(p)
  y = Gemm(f, fc)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  const ir::ValueId root = model.graph.Find("a");
  EXPECT_EQ(plan->scale_of.at(model.graph.Find("p")), root);
  EXPECT_EQ(plan->scale_of.at(model.graph.Find("f")), root);
  EXPECT_EQ(plan->observe, (std::vector<std::string>{"x", "a"}));
  // The logits stay float: Gemm has an int8 kernel with float output.
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{"a", "p", "f"}));
}

TEST(PlanStatic, ExclusionsByNameTypeAndPattern) {
  const ir::Model model = Parse(kConvReluConv);
  for (const char* entry : {"a", "?"}) {
    const auto plan = Plan(model, {entry});
    if (std::string(entry) == "a") {
      ASSERT_TRUE(plan.ok());
      EXPECT_EQ(Verdict(*plan, "a"), "excluded by the user");
      EXPECT_EQ(Verdict(*plan, "y"), "int8");
    } else {
      ASSERT_FALSE(plan.ok());
      EXPECT_EQ(plan.error().code, ErrorCode::kUnsupported);
    }
  }
  const auto by_type = Plan(model, {"Conv"});
  ASSERT_FALSE(by_type.ok());
  const auto misspelt = Plan(model, {"conv_9"});
  ASSERT_FALSE(misspelt.ok());
  EXPECT_EQ(misspelt.error().code, ErrorCode::kUsage);
  EXPECT_NE(misspelt.error().message.find("conv_9"), std::string::npos);
}

TEST(PlanStatic, ProductOfTwoComputedMatricesStaysFloat) {
  const ir::Model model = Parse(R"(
g (float[2,4] x) => (float[2,2] y)
<float[4,4] w = {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}> {
  q = MatMul(x, w)
  t = Transpose(q)
  y = MatMul(q, t)
})");
  const auto plan = Plan(model);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Verdict(*plan, "q"), "int8");
  EXPECT_NE(Verdict(*plan, "y").find("both operands are computed"), std::string::npos);
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{}));
}

TEST(PlanStatic, OldOpsetIsRefused) {
  const auto plan = Plan(Parse(kConvReluConv, 12));
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().message.find("opset 13"), std::string::npos);
}

// LiteRT's kernels fix the scale of a Sigmoid's output, 1/256 from 0 on, and Gemm writes int8.
TEST(PlanStatic, LiteRtRules) {
  const ir::Model model = Parse(R"(
g (float[1,2] x) => (float[1,2] y)
<float[2,2] w1 = {1,2,3,4}, float[2,2] w2 = {1,2,3,4}> {
  a = Gemm(x, w1)
  s = Sigmoid(a)
  y = Gemm(s, w2)
})");
  const auto plan = PlanStatic(model, *FindRuleSet("litert"), {});
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{"a", "s", "y"}));
  const Bounds fixed = plan->fixed.at(model.graph.Find("s"));
  EXPECT_EQ(fixed.low, 0.0f);
  EXPECT_EQ(fixed.high, 255.0f / 256);
}

Result<StaticPlan> PlanWide(const ir::Model& model) {
  return PlanStatic(model, *FindRuleSet("litert-int16x8"), {});
}

// Symmetric integers reach below zero, so that saturation is no Relu: the operator before it does
// it, and is quantized behind it.
TEST(PlanStatic, SymmetricKeepsARelu) {
  const ir::Model model = Parse(kConvReluConv, 21);
  const auto plan = PlanWide(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_TRUE(plan->absorbed.empty());
  ASSERT_EQ(plan->fused.size(), 1u);
  EXPECT_NE(Verdict(*plan, "r").find("does it itself"), std::string::npos) << Verdict(*plan, "r");
  EXPECT_EQ(plan->observe, (std::vector<std::string>{"x", "r", "y"}));
  EXPECT_EQ(Names(model, plan->output_values), (std::vector<std::string>{"r", "y"}));
}

// FULLY_CONNECTED of a MatMul takes no activation along, and a Clip to 4 is no RELU6: the first is
// an int16 operator of its own, the second stays float.
TEST(PlanStatic, SymmetricActivationsThatNothingFuses) {
  const ir::Model model = Parse(R"(
g (float[1,2] x) => (float[1,2] y)
<float[2,2] w = {1, 2, 3, 4}, float low = {0}, float high = {4}> {
  a = MatMul(x, w)
  r = Relu(a)
  b = MatMul(r, w)
  c = Clip(b, low, high)
  y = MatMul(c, w)
})",
                                21);
  const auto plan = PlanWide(model);
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  EXPECT_TRUE(plan->fused.empty());
  EXPECT_EQ(Verdict(*plan, "r"), "int8");  // quantized, that is
  EXPECT_EQ(Verdict(*plan, "c"), "Clip has no int16 kernel in this runtime");
  EXPECT_EQ(plan->observe, (std::vector<std::string>{"x", "a", "r", "b", "c", "y"}));
}

TEST(PlanStatic, Int16NeedsOpset21) {
  const auto plan = PlanWide(Parse(kConvReluConv, 17));
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().message.find("needs opset 21, the model has 17"), std::string::npos)
      << plan.error().message;
}

// ONNX Runtime's rules leave the Tanh in float; LiteRT's don't, and those of int16 need no opset
// here.
TEST(PlanStatic, WhatAnyRuleSetObserves) {
  const ir::Model model = Parse(R"(
g (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float[1,1,1,1] w = {1.0}> {
  a = Conv(x, w)
  t = Tanh(a)
  y = Conv(t, w)
})");
  EXPECT_EQ(ObservedByAnyRules(model), (std::set<std::string>{"a", "t", "x", "y"}));
}

}  // namespace
}  // namespace edgeopt::passes::quantize
