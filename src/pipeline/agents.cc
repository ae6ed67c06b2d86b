#include "pipeline/agents.h"

namespace edgeopt::pipeline {

using measure::AgentClient;

Result<std::unique_ptr<AgentClient>> AgentStarter::Load(const std::filesystem::path& model,
                                                        int threads, bool spin) const {
  measure::AgentOptions options;
  options.argv = {program.string(), "agent"};
  if (!runtime_library.empty()) {
    options.argv.push_back("--runtime-library");
    options.argv.push_back(runtime_library.string());
  }
  options.cancel = cancel;
  EDGEOPT_TRY(auto client, AgentClient::Start(std::move(options)));
  measure::LoadOptions load;
  load.session.threads = threads;
  load.session.spin = spin;
  EDGEOPT_CHECK_OK(client->Load(model, load));
  return client;
}

RunModel RunInAgent(AgentStarter starter, int threads) {
  return
      [starter = std::move(starter), threads](const std::filesystem::path& model,
                                              const std::vector<std::vector<ir::Tensor>>& samples)
          -> Result<std::vector<std::vector<ir::Tensor>>> {
        EDGEOPT_TRY(const auto client, starter.Load(model, threads, /*spin=*/false));
        std::vector<std::vector<ir::Tensor>> outputs;
        for (const auto& sample : samples) {
          EDGEOPT_TRY(auto tensors, client->Run(sample));
          outputs.push_back(std::move(tensors));
        }
        EDGEOPT_CHECK_OK(client->Shutdown());
        return outputs;
      };
}

}  // namespace edgeopt::pipeline
