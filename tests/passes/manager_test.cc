#include "passes/manager.h"

#include <set>

#include "ir/verifier.h"
#include "passes/pass_test.h"
#include "passes/pipelines.h"

namespace edgeopt::passes {
namespace {

constexpr char kText[] = R"(g (float[2,n] x) => (float[2,n] y) <float one = {1}> {
    a = Identity(x)
    b = Mul(a, one)
    y = Relu(b)
  })";

// A pass made for a test.
Pass Made(Result<Outcome> (*run)(ir::Model&, const Context&)) { return {"made", "", run}; }

Result<RunReport> RunMade(ir::Model& model, const Pass& pass, const ManagerOptions& options = {}) {
  const Pass* pipeline[] = {&pass};
  return passes::Run(model, pipeline, TestContext(), options);
}

TEST(Pipelines, SimplifyRunsEveryPassOnce) {
  std::set<std::string_view> names;
  for (const Pass* pass : Simplify()) {
    ASSERT_NE(pass, nullptr) << "after " << names.size() << " passes";
    EXPECT_TRUE(names.insert(pass->name).second) << pass->name;
  }
  EXPECT_EQ(names.size(), Table().size());
}

TEST(Pipelines, NamesAreThoseOfTheFiles) {
  for (const Pass& pass : Table()) {
    EXPECT_EQ(Find(pass.name), &pass);
    EXPECT_FALSE(pass.summary.empty()) << pass.name;
    EXPECT_EQ(pass.name.find('_'), std::string_view::npos) << pass.name;
  }
  EXPECT_EQ(Find("no-such-pass"), nullptr);
}

TEST(Manager, RunsUntilNothingChanges) {
  ir::Model model = ParseModel(kText);
  const auto report = passes::Run(model, Simplify(), TestContext());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->converged);
  EXPECT_EQ(report->rounds, 2);
  EXPECT_EQ(report->rewrites(), 2);
  EXPECT_EQ(model.graph.node_count(), 1u);
}

TEST(Manager, LeavesDisabledPassesOut) {
  ir::Model model = ParseModel(kText);
  const auto report =
      passes::Run(model, Simplify(), TestContext(), {.disabled = {"eliminate-arithmetic"}});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(model.graph.node_count(), 2u);
  for (const PassReport& pass : report->passes) EXPECT_NE(pass.name, "eliminate-arithmetic");
  const auto misspelt =
      passes::Run(model, Simplify(), TestContext(), {.disabled = {"eliminate-all"}});
  ASSERT_FALSE(misspelt.ok());
  EXPECT_EQ(misspelt.error().code, ErrorCode::kUsage);
  EXPECT_NE(misspelt.error().message.find("eliminate-all"), std::string::npos);
}

TEST(Manager, APassThatFailsChangesNothing) {
  ir::Model model = ParseModel(kText);
  const std::string before = formats::PrintText(model);
  const auto report = RunMade(model, Made([](ir::Model& m, const Context&) -> Result<Outcome> {
                                m.graph.SetOutputs({});
                                return Unsupported("not today");
                              }));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->passes[0].error, "not today");
  EXPECT_EQ(report->passes[0].rewrites, 0);
  EXPECT_EQ(formats::PrintText(model), before);
}

TEST(Manager, APassThatBreaksTheModelIsRejected) {
  ir::Model model = ParseModel(kText);
  const std::string before = formats::PrintText(model);
  const auto report = RunMade(model, Made([](ir::Model& m, const Context&) -> Result<Outcome> {
                                m.graph.RemoveNode(m.graph.nodes().back());
                                return Outcome{1, {}};
                              }));
  ASSERT_TRUE(report.ok());
  EXPECT_NE(report->passes[0].error.find("'y' is produced by nothing"), std::string::npos)
      << report->passes[0].error;
  EXPECT_EQ(formats::PrintText(model), before);
}

TEST(Manager, AChangeThatTheCheckRefusesIsRejectedAndNotTriedAgain) {
  ir::Model model = ParseModel(kText);
  int checks = 0;
  ManagerOptions options;
  options.check = [&](const ir::Model& before, const ir::Model& after) -> Status {
    ++checks;
    // Each change is checked against the last one that was kept.
    EXPECT_EQ(before.graph.node_count(), after.graph.node_count() + 1);
    if (after.graph.Find("a").valid()) return OkStatus();
    return BadInput("output 'y' differs");
  };
  const auto report = passes::Run(model, Simplify(), TestContext(), options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(checks, 2);
  EXPECT_EQ(model.graph.node_count(), 2u);
  for (const PassReport& pass : report->passes)
    EXPECT_EQ(pass.error, pass.name == "eliminate-identity" ? "output 'y' differs" : "");
}

TEST(Manager, StopsWhenCancelled) {
  ir::Model model = ParseModel(kText);
  CancelToken cancel;
  cancel.Cancel();
  const auto report = passes::Run(model, Simplify(), TestContext(), {.cancel = &cancel});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(model.graph.node_count(), 3u);
}

TEST(Manager, StopsAfterItsRounds) {
  ir::Model model = ParseModel(kText);
  const auto report = RunMade(model, Made([](ir::Model& m, const Context&) -> Result<Outcome> {
                                m.graph.AddInitializer("more", ir::Tensor::Scalar(1.0f));
                                return Outcome{1, {}};
                              }),
                              {.max_rounds = 3});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->converged);
  EXPECT_EQ(report->passes[0].runs, 3);
}

// The batch was made dynamic by hand; the exporter's types of values are left from before.
TEST(Manager, StaleTypesMisleadNoPass) {
  ir::Model model = ParseModel(R"(g (float[n,4] x) => (float[1,4] y) <int64[2] s = {1, 4}> {
      a = Relu(x)
      b = Expand(a, s)
      c = Concat<axis = 0>(b, x)
      y = ReduceMax<keepdims = 1>(c, )
    })");
  model.graph.SetType(model.graph.Find("a"),
                      ir::Type::OfTensor(ir::DataType::kFloat32, ir::ToShape({1, 4})));
  model.graph.SetType(model.graph.Find("c"),
                      ir::Type::OfTensor(ir::DataType::kFloat32, ir::ToShape({1, 4})));
  const auto report = passes::Run(model, Simplify(), TestContext());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(model.graph.Find("c").valid());
  EXPECT_EQ(ir::ToString(model.graph.value(model.graph.outputs()[0]).type), "float32[1, 4]");
}

TEST(Manager, TypesThatInferenceFindsAreNotKept) {
  ir::Model model = ParseModel(R"(g (float[n,4] x, float[n,2] z) => (float[k,2] y) {
      a = Relu(x)
      b = custom.Op(a)
      y = Abs(b)
    })");
  const ir::Type custom = ir::Type::OfTensor(ir::DataType::kFloat32, ir::Shape{{}, ir::Dim::Of(2)});
  model.graph.SetType(model.graph.Find("b"), custom);
  ASSERT_TRUE(passes::Run(model, Simplify(), TestContext()).ok());
  EXPECT_EQ(model.graph.value(model.graph.Find("a")).type, ir::Type{});
  EXPECT_EQ(model.graph.value(model.graph.Find("b")).type.element, custom.element);
}

}  // namespace
}  // namespace edgeopt::passes
