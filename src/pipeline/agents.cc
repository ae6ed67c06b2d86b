#include "pipeline/agents.h"

namespace edgeopt::pipeline {

using measure::AgentClient;

namespace {

Result<std::unique_ptr<AgentClient>> Start(const AgentStarter& starter,
                                           const std::filesystem::path& model,
                                           const measure::LoadOptions& load) {
  measure::AgentOptions options;
  options.argv = {starter.program.string(), "agent"};
  if (!starter.runtime_library.empty()) {
    options.argv.push_back("--runtime-library");
    options.argv.push_back(starter.runtime_library.string());
  }
  options.cancel = starter.cancel;
  EDGEOPT_TRY(auto client, AgentClient::Start(std::move(options)));
  EDGEOPT_CHECK_OK(client->Load(model, load));
  return client;
}

}  // namespace

Result<std::unique_ptr<AgentClient>> AgentStarter::Load(const std::filesystem::path& model,
                                                        int threads, bool spin) const {
  measure::LoadOptions load;
  load.session.threads = threads;
  load.session.spin = spin;
  return Start(*this, model, load);
}

Result<std::unique_ptr<AgentClient>> AgentStarter::LoadTflite(const std::filesystem::path& model,
                                                              int threads) const {
  measure::LoadOptions load;
  load.runtime = "litert";
  load.session.threads = threads;
  return Start(*this, model, load);
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
