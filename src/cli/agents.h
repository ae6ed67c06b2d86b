// Models in processes of their own, for subcommands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/data_options.h"
#include "measure/agent_client.h"
#include "pipeline/agents.h"
#include "pipeline/float_io.h"

namespace edgeopt::cli {

class Parser;

// How a model is run, as the user says it.
struct SessionArguments {
  int threads = 0;      // 0: one per usable CPU
  std::string kernels;  // of LiteRT: xnnpack, builtin, reference; empty: the default
  // onnxruntime, litert or tensorrt; empty: the one of the model's format. With settings of
  // TensorRT: "tensorrt:dla=0,workspace=512,transfers=yes,trtexec=PATH".
  std::string runtime;
};
// Declares --threads, --kernels and --runtime.
void AddSessionOptions(Parser& parser, SessionArguments& arguments);

// Usage error for --kernels where LiteRT runs none of the models, and for a --runtime that is not
// known, has wrong settings or does not take the format of one of them (empty ones are passed
// over).
Status CheckSessionOptions(const SessionArguments& arguments,
                           const std::vector<std::string>& models);

// The machine that models run on, as the user says it.
struct HostArguments {
  std::string host;         // as devices::ParseSshAddress reads it; empty: this machine
  std::string agent_files;  // devices::AgentSources::folder
};
// Declares --host and --agent-files.
void AddHostOptions(Parser& parser, HostArguments& arguments);
// The same for commands that measure on several machines at once; `brief`: --agent-files is rare.
struct HostsArguments {
  std::vector<std::string> hosts;  // none: this machine
  std::string agent_files;
  // Each of them, or this machine.
  std::vector<HostArguments> All() const;
};
void AddHostsOptions(Parser& parser, HostsArguments& arguments, bool brief = false);
// Usage error for a host that is named twice.
Status CheckHosts(const HostsArguments& arguments);
// --agent-files alone, where the host is an argument.
void AddAgentFilesOption(Parser& parser, HostArguments& arguments);

// Agents on that machine, which is connected and has the agent's files when this returns. Once per
// command: the connection is shared.
Result<pipeline::AgentStarter> OpenAgents(const Context& context, const HostArguments& arguments);

// Starts an agent and loads the model, which was read here before (pipeline::CheckModelFile), in
// the runtime of its format. --kernels is for the TFLite models alone.
Result<std::unique_ptr<measure::AgentClient>> LoadInAgent(const pipeline::AgentStarter& agents,
                                                          const std::string& model,
                                                          const SessionArguments& arguments);

// Says in both forms of an answer where its numbers come from; nothing without --host.
void AddHost(const pipeline::AgentStarter& agents, const measure::AgentHello& hello,
             std::string& text, nlohmann::json& document);

// A data set as a loaded model takes it.
struct ModelData {
  std::shared_ptr<const data::Dataset> dataset;
  std::vector<data::InputSpec> specs;
  // The quantized inputs that the data gives as floats (pipeline::ToIntegers); none when it holds
  // integers.
  pipeline::Integers integers;
};
Result<ModelData> OpenDataFor(const DataOptions& options,
                              const std::vector<runtimes::TensorSpec>& inputs);

// What a model is timed on.
struct BenchInputs {
  std::string text;  // "12 samples of ...", "generated inputs: x [1, 3]"
  bool generated = false;
  std::vector<int64_t> elements;  // of each generated input, sorted
};
// Gives the agent the first samples of the data set, or, without --data, generated ones.
Result<BenchInputs> SetBenchInputs(measure::AgentClient& client, const DataOptions& options);

// Says in both forms of an answer what runs the model, where a runtime has several ways (TensorRT):
// "executes_by", "executes_because".
void AddExecution(const measure::LoadedModel& model, std::string& text, nlohmann::json& document);

// Warnings about the machine, to the sink.
void WarnAboutMachine(const Context& context, const measure::AgentClient& client, int threads);

}  // namespace edgeopt::cli
