#include "cli/agents.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "cli/parser.h"
#include "devices/device.h"
#include "devices/remote_host.h"
#include "measure/fitting_inputs.h"
#include "measure/machine.h"
#include "pipeline/evaluate.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"

namespace edgeopt::cli {
namespace {

// Latency may depend on the values (zeros, denormals, early exits): some real samples in turn.
constexpr int64_t kBenchSamples = 16;

// In the order of runtimes::KernelMode.
constexpr const char* kKernels[] = {"xnnpack", "builtin", "reference"};

bool IsTflite(const std::string& model) {
  return pipeline::FormatOf(model) == pipeline::Format::kTflite;
}

std::optional<int64_t> WholeNumber(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// --runtime, taken apart.
struct RuntimeChoice {
  std::string name;  // empty: the one of the model's format
  runtimes::TensorRtOptions tensorrt;
};

Status AddSetting(const std::string& setting, runtimes::TensorRtOptions& options) {
  constexpr int64_t kMostCores = 16, kMostMib = 1 << 20;
  const size_t equals = std::min(setting.find('='), setting.size());
  const std::string name = setting.substr(0, equals);
  const std::string value = setting.substr(std::min(equals + 1, setting.size()));
  const auto number = WholeNumber(value);
  if (name == "trtexec" && !value.empty())
    options.trtexec = value;
  else if (name == "dla" && number && *number < kMostCores)
    options.dla_core = static_cast<int>(*number);
  else if (name == "workspace" && number && *number > 0 && *number <= kMostMib)
    options.workspace_mib = *number;
  else if (name == "transfers" && (value == "yes" || value == "no"))
    options.transfers = value == "yes";
  else
    return UsageError("--runtime: '" + setting + "' is no setting of TensorRT",
                      "trtexec=PATH, dla=CORE, workspace=MIB, transfers=yes");
  return OkStatus();
}

Result<RuntimeChoice> ParseRuntime(const std::string& text) {
  RuntimeChoice choice;
  const size_t colon = std::min(text.find(':'), text.size());
  choice.name = text.substr(0, colon);
  const bool known = choice.name.empty() || choice.name == "onnxruntime" ||
                     choice.name == "litert" || choice.name == "tensorrt";
  if (!known || (colon < text.size() && choice.name != "tensorrt"))
    return UsageError("--runtime '" + text + "' is none",
                      "onnxruntime, litert, tensorrt, or tensorrt:dla=0 with its settings");
  for (size_t start = colon + 1; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    EDGEOPT_CHECK_OK(AddSetting(text.substr(start, end - start), choice.tensorrt));
    start = end + 1;
  }
  return choice;
}

Status CheckRuntime(const std::string& runtime, const std::string& model) {
  if (runtime.empty() || (runtime == "litert") == IsTflite(model)) return OkStatus();
  return UsageError("'" + model + "' is " + (IsTflite(model) ? "TFLite" : "ONNX") +
                        ", which --runtime " + runtime + " does not run",
                    "leave --runtime out");
}

}  // namespace

void AddSessionOptions(Parser& parser, SessionArguments& arguments) {
  parser.Add("--threads", arguments.threads, "0: one per usable CPU").NonNegative();
  parser.Add("--kernels", arguments.kernels, "of LiteRT")
      .OneOf({kKernels[0], kKernels[1], kKernels[2]})
      .WithoutDefault();
  parser.Add("--runtime", arguments.runtime, "tensorrt, or with settings: tensorrt:dla=0")
      .TypeName("NAME")
      .WithoutDefault();
}

Status CheckSessionOptions(const SessionArguments& arguments,
                           const std::vector<std::string>& models) {
  EDGEOPT_TRY(const RuntimeChoice choice, ParseRuntime(arguments.runtime));
  for (const std::string& model : models)
    if (!model.empty()) EDGEOPT_CHECK_OK(CheckRuntime(choice.name, model));
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

std::vector<HostArguments> HostsArguments::All() const {
  if (hosts.empty()) return {{"", agent_files}};
  std::vector<HostArguments> all;
  for (const std::string& host : hosts) all.push_back({host, agent_files});
  return all;
}

void AddHostsOptions(Parser& parser, HostsArguments& arguments, bool brief) {
  parser.Add("--host", arguments.hosts, "measure there, over ssh; several: on each at once")
      .TypeName("HOST");
  Declared files =
      parser.Add("--agent-files", arguments.agent_files, "the edgeopt and runtimes that go there")
          .TypeName("FOLDER");
  if (brief) files.Rare();
}

Status CheckHosts(const HostsArguments& arguments) {
  std::set<std::string> seen;
  for (const std::string& host : arguments.hosts)
    if (!seen.insert(host).second)
      return UsageError("the host '" + host + "' is named twice", "name each once");
  return OkStatus();
}

Result<pipeline::AgentStarter> OpenAgents(const Context& context, const HostArguments& arguments) {
  pipeline::AgentStarter agents{
      context.program, context.runtime_library, context.cache, context.cancel, {}, context.sink};
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
  EDGEOPT_TRY(const RuntimeChoice choice, ParseRuntime(arguments.runtime));
  session.tensorrt = choice.tensorrt;
  auto client = agents.Load(model, session, choice.name);
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
    if (!sample.ok() && !client.usable()) return sample.error();
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
  const pipeline::SizedSamples all = pipeline::SamplesFor(data.dataset, data.specs);
  for (int64_t i = 0; i < std::min(kBenchSamples, all.count); ++i) {
    EDGEOPT_TRY(auto tensors, all.source(i));
    tensors = pipeline::ToIntegers(std::move(tensors), data.integers);
    for (const ir::Tensor& tensor : tensors) bytes += tensor.data().size();
    if (!samples.empty() && bytes > client.max_tensor_bytes()) break;
    samples.push_back(std::move(tensors));
  }
  EDGEOPT_CHECK_OK(client.SetInputs(samples));
  inputs.text = std::to_string(samples.size()) + " samples of " + all.data->Describe();
  return inputs;
}

void AddExecution(const measure::LoadedModel& model, std::string& text, nlohmann::json& document) {
  if (model.executes_by.empty()) return;
  document["executes_by"] = model.executes_by;
  text += "Run by " + model.executes_by;
  if (!model.executes_because.empty()) {
    document["executes_because"] = model.executes_because;
    text += ": " + model.executes_because;
  }
  text += "\n";
}

void WarnAboutMachine(const Context& context, const measure::AgentClient& client, int threads) {
  for (const auto& warning : measure::MachineWarnings(client.hello().machine, threads))
    context.sink->Warn(warning.text + "; " + warning.remedy);
}

}  // namespace edgeopt::cli
