// ONNX's own cases for every operator go through the whole pipeline, as given and - since weights,
// axes and limits are graph inputs there - with all inputs but the first as initializers, as real
// models have them. ONNX Runtime must give the same outputs before and after.
#include "support/node_cases.h"

#include <filesystem>

#include "passes/operands.h"
#include "passes/pass_test.h"
#include "passes/pipelines.h"

namespace edgeopt::passes {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;
using testing::FreezeInputs;
using testing::NodeCases;
using testing::ReadInputs;

// The same kernels run before and after, but constants may be combined before they meet the data:
// a few roundings of the type.
double ToleranceOf(ir::DataType type) {
  if (type == ir::DataType::kFloat16) return 4 * 0x1p-10;
  if (type == ir::DataType::kBfloat16) return 4 * 0x1p-7;
  return 1e-5;
}

// Cases whose outputs were compared; of these, those that the passes changed; and those that ONNX
// Runtime does not run as they are (other element types, operators that it lacks, maps).
struct Tally {
  int compared = 0, changed = 0, not_run = 0;
};

void Check(const ir::Model& original, const std::vector<Tensor>& inputs, Tally& tally) {
  const auto expected = testing::RunModel(original, inputs, runtimes::GraphOptimization::kNone);
  if (!expected.ok()) {
    ++tally.not_run;
    return;
  }
  ir::Model model = original;
  const auto report = Run(model, Simplify(), TestContext());
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(report->converged);
  for (const PassReport& pass : report->passes) EXPECT_EQ(pass.error, "") << pass.name;
  const auto found = testing::RunModel(model, inputs, runtimes::GraphOptimization::kNone);
  ASSERT_TRUE(found.ok()) << found.error().ToString();
  ++tally.compared;
  tally.changed += report->rewrites() > 0;
  for (const ir::NodeId id : original.graph.nodes())
    if (!IsDeterministic(original.graph.node(id))) return;
  ASSERT_EQ(expected->size(), found->size());
  for (size_t i = 0; i < found->size(); ++i) {
    const testing::Difference difference = testing::Compare({(*expected)[i]}, {(*found)[i]});
    EXPECT_EQ(difference.mismatch, "");
    EXPECT_LE(std::min(difference.max_abs, difference.max_rel), ToleranceOf((*found)[i].type()));
  }
}

Tally CheckCases(bool freeze) {
  Tally tally;
  for (const auto& entry : fs::directory_iterator(NodeCases())) {
    SCOPED_TRACE(entry.path().filename().string());
    auto model = formats::ReadOnnx(entry.path() / "model.onnx");
    if (!model.ok()) {
      ADD_FAILURE() << model.error().ToString();
      continue;
    }
    auto inputs = ReadInputs(entry.path(), *model);
    if (!inputs) {
      ++tally.not_run;
      continue;
    }
    if (freeze) FreezeInputs(*model, *inputs);
    Check(*model, *inputs, tally);
  }
  return tally;
}

TEST(NodeCaseTest, AsGiven) {
  ASSERT_TRUE(fs::exists(NodeCases())) << "run tools/setup --tests";
  const Tally tally = CheckCases(false);
  EXPECT_GE(tally.compared, 1500) << tally.not_run << " cases are not run";
  EXPECT_GE(tally.changed, 300);
}

TEST(NodeCaseTest, WithParametersAsInitializers) {
  ASSERT_TRUE(fs::exists(NodeCases())) << "run tools/setup --tests";
  const Tally tally = CheckCases(true);
  EXPECT_GE(tally.compared, 1500) << tally.not_run << " cases are not run";
  EXPECT_GE(tally.changed, 370);
}

}  // namespace
}  // namespace edgeopt::passes
