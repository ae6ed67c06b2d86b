// edgeopt status [WORK]: where a run is.
#include <memory>

#include "cli/command.h"
#include "cli/work_argument.h"
#include "pipeline/state.h"

namespace edgeopt::cli {
namespace {

Result<Answer> Execute(const std::string& named, Context&) {
  EDGEOPT_TRY(const auto work, WorkFolderOr(named));
  EDGEOPT_TRY(const pipeline::State state, pipeline::ReadState(work));
  return Answer{pipeline::StateBlock(state), ToJson(state), {}};
}

}  // namespace

Command status() {
  return {"status", "Show where a run is", Group::kWorkflow, [](Parser& parser) -> Run {
            auto work = std::make_shared<std::string>();
            parser.Add("work", *work, "work folder, if there are several");
            return [work](Context& context) { return Execute(*work, context); };
          }};
}

}  // namespace edgeopt::cli
