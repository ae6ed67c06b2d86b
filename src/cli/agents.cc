#include "cli/agents.h"

#include <algorithm>
#include <iterator>

#include "cli/parser.h"
#include "devices/device.h"
#include "devices/remote_host.h"
#include "measure/fitting_inputs.h"
#include "measure/machine.h"
#include "pipeline/evaluate.h"
#include "pipeline/open_model.h"

namespace edgeopt::cli {
namespace {

// Latency may depend on the values (zeros, denormals, early exits): some real samples in turn.
constexpr int64_t kBenchSamples = 16;

// In the order of runtimes::KernelMode.
constexpr const char* kKernels[] = {"xnnpack", "builtin", "reference"};

bool IsTflite(const std::string& model) {
  return pipeline::FormatOf(model) == pipeline::Format::kTflite;
}

}  // namespace

void AddSessionOptions(Parser& parser, SessionArguments& arguments) {
  parser.Add("--threads", arguments.threads, "0: one per usable CPU").NonNegative();
  parser.Add("--kernels", arguments.kernels, "of LiteRT")
      .OneOf({kKernels[0], kKernels[1], kKernels[2]})
      .WithoutDefault();
}

Status CheckSessionOptions(const SessionArguments& arguments,
                           const std::vector<std::string>& models) {
  if (arguments.kernels.empty() || std::any_of(models.begin(), models.end(), IsTflite))
    return OkStatus();
  return UsageError("--kernels is for TFLite models; '" + models.front() +
                    "' runs in ONNX Runtime");
}

void AddHostOptions(Parser& parser, HostArguments& arguments) {
  parser.Add("--host", arguments.host, "measure there, over ssh: pi@raspberrypi.local")
      .TypeName("HOST");
  AddAgentFilesOption(parser, arguments);
}

void AddAgentFilesOption(Parser& parser, HostArguments& arguments) {
  parser.Add("--agent-files", arguments.agent_files, "the edgeopt and runtimes that go there")
      .TypeName("FOLDER");
}

Result<pipeline::AgentStarter> OpenAgents(const Context& context, const HostArguments& arguments) {
  pipeline::AgentStarter agents{context.program, context.runtime_library, context.cancel, {}};
  if (arguments.host.empty()) {
    if (!arguments.agent_files.empty())
      return UsageError("--agent-files is for another machine", "name it with --host");
    return agents;
  }
  devices::RemoteOptions options;
  options.host = arguments.host;
  options.sources = {context.program, context.runtime_library, context.cache,
                     arguments.agent_files};
  options.version = EDGEOPT_VERSION;
  options.sink = context.sink;
  EDGEOPT_TRY(agents.remote, devices::RemoteHost::Open(std::move(options)));
  return agents;
}

void AddHost(const pipeline::AgentStarter& agents, const measure::AgentHello& hello,
             std::string& text, nlohmann::json& document) {
  if (!agents.remote) return;
  const devices::Device& device = devices::RecognizeDevice(hello.machine);
  const std::string& board = hello.machine.board;
  text = "On " + agents.remote->name() + ": " + (board.empty() ? hello.machine.cpu_model : board) +
         " (" + std::string(device.name) + ")\n" + text;
  document["host"] = {{"name", agents.remote->name()}, {"device", device.name}};
}

Result<std::unique_ptr<measure::AgentClient>> LoadInAgent(const pipeline::AgentStarter& agents,
                                                          const std::string& model,
                                                          const SessionArguments& arguments) {
  EDGEOPT_CHECK_OK(pipeline::CheckModelFile(model));
  runtimes::SessionOptions session;
  session.threads = arguments.threads;
  if (!arguments.kernels.empty() && IsTflite(model)) {
    const auto* const mode = std::find(std::begin(kKernels), std::end(kKernels), arguments.kernels);
    session.kernels = static_cast<runtimes::KernelMode>(mode - std::begin(kKernels));
  }
  auto client = agents.Load(model, session);
  if (!client.ok()) return client.error().Within("'" + model + "'");
  return client;
}

Result<ModelData> OpenDataFor(const DataOptions& options,
                              const std::vector<runtimes::TensorSpec>& inputs) {
  ModelData data;
  data.specs = pipeline::InputSpecsOf(inputs);
  data.integers = pipeline::IntegersOf(inputs);
  if (data.integers.empty()) {
    EDGEOPT_TRY(data.dataset, OpenData(options, data.specs));
    return data;
  }
  std::vector<data::InputSpec> as_float = data.specs;
  for (data::InputSpec& spec : as_float)
    if (data.integers.contains(spec.name)) spec.type = ir::DataType::kFloat32;
  auto floats = OpenData(options, as_float);
  if (floats.ok()) {
    data.dataset = std::move(*floats);
    data.specs = std::move(as_float);
    return data;
  }
  auto integers = OpenData(options, data.specs);
  if (!integers.ok()) return floats.error();
  data.dataset = std::move(*integers);
  data.integers.clear();
  return data;
}

Result<BenchInputs> SetBenchInputs(measure::AgentClient& client, const DataOptions& options) {
  BenchInputs inputs;
  if (options.path.empty()) {
    const auto sample = client.GenerateInputs();
    if (!sample.ok())
      return BadInput("no generated inputs fit this model: " + sample.error().message,
                      "give inputs with --data");
    inputs.text = "generated inputs: " + measure::DescribeShapes(*sample);
    inputs.generated = true;
    for (const ir::Tensor& tensor : *sample) inputs.elements.push_back(tensor.size());
    std::sort(inputs.elements.begin(), inputs.elements.end());
    return inputs;
  }
  EDGEOPT_TRY(const ModelData data, OpenDataFor(options, client.model().inputs));
  std::vector<std::vector<ir::Tensor>> samples;
  size_t bytes = 0;
  for (int64_t i = 0; i < std::min(kBenchSamples, data.dataset->size()); ++i) {
    EDGEOPT_TRY(const data::Sample sample, data.dataset->Load(i));
    EDGEOPT_TRY(auto tensors, data::ModelInputs(sample, data.specs));
    tensors = pipeline::ToIntegers(std::move(tensors), data.integers);
    for (const ir::Tensor& tensor : tensors) bytes += tensor.data().size();
    if (!samples.empty() && bytes > client.max_tensor_bytes()) break;
    samples.push_back(std::move(tensors));
  }
  EDGEOPT_CHECK_OK(client.SetInputs(samples));
  inputs.text = std::to_string(samples.size()) + " samples of " + data.dataset->Describe();
  return inputs;
}

void WarnAboutMachine(const Context& context, const measure::AgentClient& client, int threads) {
  for (const auto& warning : measure::MachineWarnings(client.hello().machine, threads))
    context.sink->Warn(warning.text + "; " + warning.remedy);
}

}  // namespace edgeopt::cli
