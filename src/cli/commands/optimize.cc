// edgeopt optimize MODEL: the main job.
#include <memory>

#include "cli/command.h"
#include "cli/host_runs.h"
#include "cli/run_options.h"
#include "cli/workflow.h"
#include "formats/onnx/onnx.h"
#include "pipeline/facts.h"
#include "pipeline/open_model.h"
#include "pipeline/plan.h"
#include "pipeline/preflight.h"
#include "pipeline/real_world.h"
#include "pipeline/run_machine.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  RunArguments run;
  bool dry_run = false;
};

// The plan that would be followed; nothing is measured or written.
Result<Answer> DryRun(const pipeline::Preflight& preflight) {
  report::Record record = preflight.record;
  const std::string source = record.source_file();
  EDGEOPT_TRY(ir::Model model,
              pipeline::ReadModel(source.empty() ? std::filesystem::path(record.model_path)
                                                 : preflight.made_files->path() / source));
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  record.model_facts =
      ToJson(pipeline::InspectFacts(model, pipeline::Float16Gains(pipeline::RunMachine(record))));
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
  const std::vector<std::string>& hosts = options.run.hosts.hosts;
  if (hosts.size() > 1) {
    if (options.dry_run) return UsageError("--dry-run is for one host", "run it once for each");
    return RunOnHosts(run, hosts, context);
  }
  const pipeline::Preflight preflight = pipeline::RunPreflight(
      run, pipeline::MakePreflightWorld(AgentsOf(context, run.measuring), ImportToolsOf(context)),
      *context.sink, context.cancel);
  if (options.dry_run) {
    WarnOf(preflight, context);
    if (const auto failure = preflight.failure()) return *failure;
    return DryRun(preflight);
  }
  EDGEOPT_CHECK_OK(StartState(preflight, run.work, context));
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Open(run.work));
  EDGEOPT_TRY(pipeline::State state, work.Load());
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
