// edgeopt agent: the other side of measure/agent_client.h
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/runtime.h"
#include "measure/agent_server.h"

namespace edgeopt::cli {

Command agent() {
  return {
      "agent", "Run models for another edgeopt, by a line protocol on stdin and stdout",
      Group::kHidden, [](CLI::App& app) -> Run {
        auto store = std::make_shared<std::string>();
        app.add_option("--store", *store, "folder for files by hash; default: a temporary one")
            ->type_name("FOLDER");
        return [store](Context& context) -> Result<Answer> {
          measure::AgentConfig config;
          config.version = EDGEOPT_VERSION;
          config.store = *store;
          config.runtimes.push_back({"onnxruntime", [&context] { return OpenRuntime(context); }});
          EDGEOPT_CHECK_OK(measure::RunAgentProcess(config));
          return Answer{};
        };
      }};
}

}  // namespace edgeopt::cli
