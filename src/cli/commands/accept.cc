// edgeopt accept STEP --reason TEXT: the user takes a variant below the accuracy floor; the run
// goes on.
#include <memory>

#include "cli/command.h"
#include "cli/work_argument.h"
#include "cli/workflow.h"
#include "pipeline/workflow.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string step, reason, work;
};

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const auto path, WorkFolderOr(options.work));
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Open(path));
  EDGEOPT_TRY(pipeline::State state, work.Load());
  EDGEOPT_CHECK_OK(pipeline::Accept(state, options.step, options.reason));
  EDGEOPT_CHECK_OK(work.Save(state));
  return RunAndReport(std::move(state), work, context);
}

}  // namespace

Command accept() {
  return {
      "accept", "Take a variant below the floor all the same, and go on", Group::kWorkflow,
      [](Parser& parser) -> Run {
        auto options = std::make_shared<Options>();
        parser.Add("step", options->step, "id of the step").Required();
        parser.Add("--reason", options->reason, "why; goes into report and package").Required();
        parser.Add("--work", options->work, "work folder, if there are several").TypeName("FOLDER");
        return [options](Context& context) { return Execute(*options, context); };
      },
      "  edgeopt accept static-int8 --reason 'a preview build'"};
}

}  // namespace edgeopt::cli
