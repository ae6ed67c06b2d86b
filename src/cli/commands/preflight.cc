// edgeopt preflight MODEL: what a run needs, without the run.
#include "pipeline/preflight.h"

#include <memory>

#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/workflow.h"
#include "pipeline/real_world.h"

namespace edgeopt::cli {
namespace {

Result<Answer> Execute(const RunArguments& arguments, Context& context) {
  if (arguments.hosts.hosts.size() > 1)
    return UsageError("preflight is for one host", "run it once for each");
  EDGEOPT_TRY(const pipeline::RunOptions options, ToRunOptions(arguments));
  const pipeline::Preflight preflight = pipeline::RunPreflight(
      options,
      pipeline::MakePreflightWorld(AgentsOf(context, options.measuring), ImportToolsOf(context)),
      *context.sink, context.cancel);
  Answer answer;
  for (const pipeline::PreflightItem& item : preflight.items) {
    answer.text += std::string(Name(item.level)) + "  " + item.name + ": " + item.finding + "\n";
    if (!item.remedy.empty()) answer.text += "      " + item.remedy + "\n";
  }
  answer.document = ToJson(preflight);
  answer.failure = preflight.failure();
  return answer;
}

}  // namespace

Command preflight() {
  return {"preflight", "Check that a run has all it needs", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto arguments = std::make_shared<RunArguments>();
            AddRunOptions(parser, *arguments);
            return [arguments](Context& context) { return Execute(*arguments, context); };
          }};
}

}  // namespace edgeopt::cli
