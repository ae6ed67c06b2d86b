// edgeopt make-variant WORK STEP FOLDER: one step of the workflow, in a process of its own, so that
// a crash is a failed step.
#include <memory>

#include "cli/command.h"
#include "cli/runtime.h"
#include "cli/workflow.h"
#include "pipeline/state.h"
#include "pipeline/step_kind.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string work, step, folder;
};

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const pipeline::State state, pipeline::ReadState(options.work));
  const report::Step* step = state.record.Find(options.step);
  if (step == nullptr) return UsageError("the run has no step '" + options.step + "'");
  EDGEOPT_TRY(const auto runtime, OpenRuntime(context));
  EDGEOPT_TRY(nlohmann::json made,
              pipeline::MakeVariant(state.record, *step, options.work, options.folder, *runtime,
                                    pipeline::TfliteInAgent(AgentsOf(context)), *context.sink,
                                    context.cancel));
  std::string text = made["output"].get<std::string>() + "\n";
  return Answer{std::move(text), std::move(made), {}};
}

}  // namespace

Command make_variant() {
  return {"make-variant", "Run one step of a run", Group::kHidden, [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("work", options->work, "work folder").Required();
            parser.Add("step", options->step, "id of the step").Required();
            parser.Add("folder", options->folder, "where to write").Required();
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
