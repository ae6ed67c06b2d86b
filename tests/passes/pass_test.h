// How a pass is tested: a graph as text goes through it and must come out as another text,
// constants included; and ONNX Runtime must give the same outputs for both.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "formats/onnx/onnx.h"
#include "passes/manager.h"
#include "passes/pass.h"
#include "support/ort.h"

namespace edgeopt::passes {

inline ir::Model ParseModel(const std::string& text) {
  auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString()) << "\n" << text;
  return model.ok() ? *model : ir::Model{};
}

// The header of a model text; graphs without one are of opset 20.
inline std::string Opset(int version) {
  return "<ir_version: 8, opset_import: [\"\" : " + std::to_string(version) + "]>\n";
}

inline Context TestContext() {
  Context context;
  context.evaluate = [](const ir::Model& model) {
    return testing::RunModel(model, {}, runtimes::GraphOptimization::kNone);
  };
  context.infer_types = formats::InferTypes;
  context.inline_functions = formats::InlineFunctions;
  return context;
}

// The passes, to a fixed point. They must converge and leave a valid model.
inline RunReport RunPasses(ir::Model& model, const std::vector<std::string>& names,
                           const Context& context = TestContext()) {
  std::vector<const Pass*> pipeline;
  for (const std::string& name : names) {
    pipeline.push_back(Find(name));
    EXPECT_NE(pipeline.back(), nullptr) << name;
  }
  const auto report = Run(model, pipeline, context);
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().ToString());
  if (!report.ok()) return {};
  EXPECT_TRUE(report->converged) << "not idempotent";
  for (const PassReport& pass : report->passes) EXPECT_EQ(pass.error, "") << pass.name;
  const Status checked = formats::CheckModel(model);
  EXPECT_TRUE(checked.ok()) << (checked.ok() ? "" : checked.error().ToString());
  return *report;
}

// Inputs for the model: normally distributed floats, integers and bools of 0 or 1. Symbolic sizes
// are 2; an input that `given` names is taken from there.
inline std::vector<ir::Tensor> RandomInputs(const ir::Model& model,
                                            const std::vector<ir::Tensor>& given = {}) {
  std::mt19937 random(7);
  std::vector<ir::Tensor> inputs;
  for (const ir::ValueId id : model.graph.inputs()) {
    const ir::Value& value = model.graph.value(id);
    const auto named = std::find_if(given.begin(), given.end(),
                                    [&](const ir::Tensor& t) { return t.name == value.name; });
    ir::Dims dims;
    for (const ir::Dim& dim : value.type.shape.value_or(ir::Shape{}))
      dims.push_back(dim.value.value_or(2));
    const auto count = static_cast<size_t>(ir::ElementCount(dims).value());
    ir::Tensor tensor;
    if (named != given.end()) {
      tensor = *named;
    } else if (value.type.element == ir::DataType::kFloat32) {
      std::vector<float> numbers(count);
      for (float& number : numbers) number = std::normal_distribution<float>()(random);
      tensor = ir::Tensor::Of(dims, numbers);
    } else if (value.type.element == ir::DataType::kFloat64) {
      std::vector<double> numbers(count);
      for (double& number : numbers) number = std::normal_distribution<double>()(random);
      tensor = ir::Tensor::Of(dims, numbers);
    } else if (value.type.element == ir::DataType::kInt64) {
      std::vector<int64_t> numbers(count);
      for (int64_t& number : numbers) number = static_cast<int64_t>(random() % 2);
      tensor = ir::Tensor::Of(dims, numbers);
    } else {
      tensor = ir::Tensor::Zeros(value.type.element, dims);
    }
    tensor.name = value.name;
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

// Outputs of both models, as ONNX Runtime computes them without rewriting either.
inline void ExpectSameOutputs(const ir::Model& before, const ir::Model& after, double tolerance,
                              const std::vector<ir::Tensor>& given = {}) {
  const auto inputs = RandomInputs(before, given);
  const auto expected = testing::RunModel(before, inputs, runtimes::GraphOptimization::kNone);
  const auto found = testing::RunModel(after, inputs, runtimes::GraphOptimization::kNone);
  ASSERT_TRUE(expected.ok()) << expected.error().ToString();
  ASSERT_TRUE(found.ok()) << found.error().ToString();
  const testing::Difference difference = testing::Compare(*expected, *found);
  EXPECT_EQ(difference.mismatch, "");
  EXPECT_LE(difference.max_abs, tolerance);
}

// `tolerance` is absolute; 0 demands equal bits (up to the sign of zero).
inline void ExpectRewrite(const std::string& pass, const std::string& before,
                          const std::string& after, double tolerance = 0,
                          const std::vector<ir::Tensor>& given = {}) {
  const ir::Model original = ParseModel(before);
  ir::Model model = original;
  const RunReport report = RunPasses(model, {pass});
  EXPECT_GT(report.rewrites(), 0);
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(after).graph));
  ExpectSameOutputs(original, model, tolerance, given);
}

// The pass leaves the graph alone and says why; an empty `reason`: it has nothing to say.
inline void ExpectUnchanged(const std::string& pass, const std::string& text,
                            const std::string& reason) {
  const ir::Model original = ParseModel(text);
  ir::Model model = original;
  const RunReport report = RunPasses(model, {pass});
  EXPECT_EQ(report.rewrites(), 0);
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(original.graph));
  if (report.passes.empty()) return;
  std::string reasons;
  for (const Skip& skip : report.passes[0].skipped)
    reasons += skip.where + ": " + skip.reason + "\n";
  if (reason.empty())
    EXPECT_EQ(reasons, "");
  else
    EXPECT_NE(reasons.find(reason), std::string::npos) << "found: " << reasons;
}

}  // namespace edgeopt::passes
