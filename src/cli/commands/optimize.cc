// edgeopt optimize MODEL: the main job.
#include <memory>

#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/workflow.h"
#include "formats/onnx/onnx.h"
#include "pipeline/facts.h"
#include "pipeline/open_model.h"
#include "pipeline/plan.h"
#include "pipeline/preflight.h"
#include "pipeline/real_world.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  RunArguments run;
  bool dry_run = false;
};

// The plan that would be followed; nothing is measured or written.
Result<Answer> DryRun(report::Record record) {
  EDGEOPT_TRY(ir::Model model, pipeline::ReadModel(record.model_path));
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  record.model_facts = ToJson(pipeline::InspectFacts(model, pipeline::Float16Gains()));
  EDGEOPT_TRY(const auto plan, pipeline::MakePlan(record));
  Answer answer;
  answer.text = "baseline: measured first\n";
  answer.document["plan"] = json::array();
  for (const pipeline::PlannedStep& step : plan) {
    answer.text += step.kind + (step.applies ? ": " : " (left out): ") + step.why + "\n";
    answer.document["plan"].push_back({{"kind", step.kind},
                                       {"applies", step.applies},
                                       {"why", step.why},
                                       {"parameters", step.parameters}});
  }
  answer.document["model_facts"] = record.model_facts;
  return answer;
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const pipeline::RunOptions run, ToRunOptions(options.run));
  const pipeline::Preflight preflight = pipeline::RunPreflight(
      run, pipeline::MakePreflightWorld(AgentsOf(context)), *context.sink, context.cancel);
  for (const pipeline::PreflightItem& item : preflight.items)
    if (item.level == pipeline::Level::kWarn)
      context.sink->Warn(item.name + ": " + item.finding + "; " + item.remedy);
  if (const auto failure = preflight.failure()) return *failure;
  if (options.dry_run) return DryRun(preflight.record);
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Create(run.work));
  pipeline::State state;
  state.record = preflight.record;
  state.last_action = "pre-flight";
  state.next_action = "inspect the original";
  EDGEOPT_CHECK_OK(work.Save(state));
  return RunAndReport(std::move(state), work, context);
}

}  // namespace

Command optimize() {
  return {"optimize", "Make a model faster, prove its accuracy, package it", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            AddRunOptions(parser, options->run);
            parser.AddFlag("--dry-run", options->dry_run, "print the plan only");
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
