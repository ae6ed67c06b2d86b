#include "cli/agents.h"

#include <algorithm>

#include "measure/fitting_inputs.h"
#include "measure/machine.h"
#include "pipeline/agents.h"
#include "pipeline/evaluate.h"
#include "pipeline/open_model.h"

namespace edgeopt::cli {
namespace {

// Latency may depend on the values (zeros, denormals, early exits): some real samples in turn.
constexpr int64_t kBenchSamples = 16;

}  // namespace

Result<std::unique_ptr<measure::AgentClient>> LoadInAgent(const Context& context,
                                                          const std::string& model, int threads) {
  // Read here first: the runtime tells less well what is wrong with a file.
  EDGEOPT_CHECK_OK(pipeline::OpenModel(model));
  const pipeline::AgentStarter starter{context.program, context.runtime_library, context.cancel};
  auto client =
      starter.Load(model, threads > 0 ? threads : std::max(1, measure::ReadMachine().usable_cpus));
  if (!client.ok()) return client.error().Within("'" + model + "'");
  return client;
}

Result<std::string> SetBenchInputs(measure::AgentClient& client, const DataOptions& options) {
  if (options.path.empty()) {
    const auto sample = client.GenerateInputs();
    if (!sample.ok())
      return BadInput("no generated inputs fit this model: " + sample.error().message,
                      "give inputs with --data");
    return "generated inputs: " + measure::DescribeShapes(*sample);
  }
  const auto specs = pipeline::InputSpecsOf(client.model().inputs);
  EDGEOPT_TRY(const auto dataset, OpenData(options, specs));
  std::vector<std::vector<ir::Tensor>> samples;
  for (int64_t i = 0; i < std::min(kBenchSamples, dataset->size()); ++i) {
    EDGEOPT_TRY(const data::Sample sample, dataset->Load(i));
    EDGEOPT_TRY(auto inputs, data::ModelInputs(sample, specs));
    samples.push_back(std::move(inputs));
  }
  EDGEOPT_CHECK_OK(client.SetInputs(samples));
  return std::to_string(samples.size()) + " samples of " + dataset->Describe();
}

void WarnAboutMachine(const Context& context, const measure::AgentClient& client, int threads) {
  for (const auto& warning : measure::MachineWarnings(client.hello().machine, threads))
    context.sink->Warn(warning.text + "; " + warning.remedy);
}

}  // namespace edgeopt::cli
