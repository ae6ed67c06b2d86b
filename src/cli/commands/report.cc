// edgeopt report [WORK]: the report, written anew from the state.
#include <memory>

#include "base/file.h"
#include "cli/command.h"
#include "cli/work_argument.h"
#include "cli/workflow.h"

namespace edgeopt::cli {
namespace {

Result<Answer> Execute(const std::string& named, Context&) {
  EDGEOPT_TRY(const auto work, WorkFolderOr(named));
  EDGEOPT_TRY(const pipeline::State state, pipeline::ReadState(work));
  Answer answer;
  EDGEOPT_TRY(answer.document, WriteReports(state, work));
  EDGEOPT_TRY(answer.text, ReadFile(work / "report.md"));
  return answer;
}

}  // namespace

Command report() {
  return {"report", "Write and print the report of a run", Group::kWorkflow,
          [](Parser& parser) -> Run {
            auto work = std::make_shared<std::string>();
            parser.Add("work", *work, "work folder, if there are several");
            return [work](Context& context) { return Execute(*work, context); };
          }};
}

}  // namespace edgeopt::cli
