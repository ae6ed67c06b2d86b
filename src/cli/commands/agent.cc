// edgeopt agent: the other side of measure/agent_client.h
#include <memory>

#include "cli/command.h"
#include "measure/agent/program_agent.h"

namespace edgeopt::cli {

Command agent() {
  return {
      "agent", "Run models for another edgeopt, by a line protocol on stdin and stdout",
      Group::kHidden, [](Parser& parser) -> Run {
        auto store = std::make_shared<std::string>();
        parser.Add("--store", *store, "folder for files by hash; default: a temporary one")
            .TypeName("FOLDER");
        return [store](Context& context) -> Result<Answer> {
          EDGEOPT_CHECK_OK(measure::RunAgentProcess(measure::ProgramAgent(
              EDGEOPT_VERSION, {context.program, context.runtime_library, context.cache, *store})));
          return Answer{};
        };
      }};
}

}  // namespace edgeopt::cli
