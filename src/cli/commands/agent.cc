// edgeopt agent: the other side of measure/agent_client.h
#include <memory>

#include "cli/command.h"
#include "cli/runtime.h"
#include "measure/agent_server.h"

namespace edgeopt::cli {

Command agent() {
  return {
      "agent", "Run models for another edgeopt, by a line protocol on stdin and stdout",
      Group::kHidden, [](Parser& parser) -> Run {
        auto store = std::make_shared<std::string>();
        parser.Add("--store", *store, "folder for files by hash; default: a temporary one")
            .TypeName("FOLDER");
        return [store](Context& context) -> Result<Answer> {
          measure::AgentConfig config;
          config.version = EDGEOPT_VERSION;
          config.store = *store;
          if (!context.cache.empty()) config.journal_folder = context.cache / "clocks";
          config.runtimes.push_back({"onnxruntime", [&context] { return OpenRuntime(context); }});
          config.runtimes.push_back({"litert", [&context] { return OpenLiteRt(context); }});
          EDGEOPT_CHECK_OK(measure::RunAgentProcess(config));
          return Answer{};
        };
      }};
}

}  // namespace edgeopt::cli
