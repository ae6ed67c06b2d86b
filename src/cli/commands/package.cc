// edgeopt package [WORK] -o FOLDER: the best variant of a run with its proof.
#include <memory>

#include "cli/command.h"
#include "cli/work_argument.h"
#include "cli/workflow.h"
#include "pipeline/packager.h"
#include "pipeline/real_world.h"
#include "pipeline/tensorrt_package.h"
#include "pipeline/workflow.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string work, output;
};

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const auto path, WorkFolderOr(options.work));
  EDGEOPT_TRY(const auto work, pipeline::WorkFolder::Open(path));
  EDGEOPT_TRY(pipeline::State state, work.Load());
  if (const report::Step* violation = pipeline::OpenViolation(state))
    return GateFailed(
        "step '" + violation->id + "' is below the accuracy floor; nothing is packaged",
        "'edgeopt report' shows the alternatives");
  if (!state.finished && state.record.finished_at.empty())
    return UsageError("the run is not at its end yet", "go on with 'edgeopt resume'");
  const bool by_default = options.output.empty();
  const auto folder = by_default ? pipeline::DefaultPackageFolder(state.record, work.path())
                                 : std::filesystem::path(options.output);
  EDGEOPT_TRY(const pipeline::AgentStarter agents, AgentsOf(context, state.record.measuring));
  const report::Step* best = state.record.best();
  std::string runtime;
  runtimes::SessionOptions session;
  if (best != nullptr) {
    runtime = pipeline::RuntimeOf(state.record, *best);
    session = pipeline::SessionOptionsOf(state.record, *best, /*spin=*/false);
  }
  EDGEOPT_TRY(const pipeline::Packaged packaged,
              pipeline::BuildPackage(state.record, work.path(), folder, by_default,
                                     pipeline::RunInAgent(agents, session, std::move(runtime)),
                                     pipeline::FetchFromAgent(agents, state.record, work.path())));
  if (by_default || state.package_folder.empty()) {
    state.package_folder = packaged.folder;
    state.package_archive = packaged.archive;
    EDGEOPT_CHECK_OK(work.Save(state));
    EDGEOPT_CHECK_OK(WriteReports(state, work.path()));
  }
  return Answer{packaged.folder + "\n" + packaged.archive + "\n",
                {{"folder", packaged.folder},
                 {"archive", packaged.archive},
                 {"variant", state.record.best()->id}},
                {}};
}

}  // namespace

Command package() {
  return {"package", "Package the best variant of a run with its proof", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("work", options->work, "work folder, if there are several");
            parser
                .Add("-o,--output", options->output,
                     "folder to make, and FOLDER.tar.zst (default WORK/MODEL_package)")
                .TypeName("FOLDER");
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
