// edgeopt resume [WORK]: goes on with a run that was interrupted, or that stopped at a violation.
#include <memory>

#include "cli/command.h"
#include "cli/work_argument.h"
#include "cli/workflow.h"
#include "pipeline/alternatives.h"
#include "pipeline/workflow.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string work;
  pipeline::Retry retry;
  int64_t samples = 0;
  bool revert = false;
};

// What the user chose at a violation; nothing when the run was merely interrupted.
Status ApplyChoice(const Options& options, pipeline::State& state) {
  pipeline::Retry retry = options.retry;
  if (options.samples > 0) retry.samples = options.samples;
  if (options.revert && !retry.empty())
    return UsageError("--revert goes on without the step; it has no alternative to try",
                      "leave either out");
  if (options.revert) return pipeline::Revert(state, std::nullopt);
  if (retry.empty()) return OkStatus();
  const report::Step* violation = pipeline::OpenViolation(state);
  if (violation == nullptr)
    return UsageError("the run did not stop at a violation; there is nothing to replace",
                      "'edgeopt status' shows where it is");
  EDGEOPT_TRY(report::Step step, pipeline::MakeRetry(state.record, *violation, retry));
  return pipeline::Revert(state, std::move(step));
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const auto path, WorkFolderOr(options.work));
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Open(path));
  EDGEOPT_TRY(pipeline::State state, work.Load());
  EDGEOPT_CHECK_OK(ApplyChoice(options, state));
  EDGEOPT_CHECK_OK(work.Save(state));
  return RunAndReport(std::move(state), work, context);
}

}  // namespace

Command resume() {
  return {"resume", "Go on with a run that was interrupted or stopped", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("work", options->work, "work folder, if there are several");
            parser.AddFlag("--revert", options->revert, "go on without the step below the floor");
            parser
                .Add("--calibrator", options->retry.calibrator,
                     "try this calibrator instead (edgeopt list calibrators)")
                .TypeName("NAME");
            parser.Add("--samples", options->samples, "try so many calibration samples instead")
                .Positive()
                .TypeName("N")
                .WithoutDefault();
            parser
                .Add("--exclude", options->retry.exclude,
                     "try with these in float: node name, type or pattern")
                .TypeName("NAME");
            parser.AddFlag("--mixed", options->retry.mixed,
                           "try with the layers that harm the outputs most in float");
            parser.Add("--precision", options->retry.precision, "try this precision instead")
                .OneOf({"int8", "dynamic-int8", "fp16"});
            return [options](Context& context) { return Execute(*options, context); };
          },
          "After a violation of the accuracy floor the options say what to try instead."};
}

}  // namespace edgeopt::cli
