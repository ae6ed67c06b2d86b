// Agents of this program, here or on another machine: every model that the workflow runs, runs in
// one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "devices/remote_host.h"
#include "measure/agent_client.h"
#include "pipeline/convert_types.h"
#include "pipeline/packager.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct AgentStarter {
  std::filesystem::path program;          // edgeopt
  std::filesystem::path runtime_library;  // empty: the default one
  std::filesystem::path cache;            // where frameworks' environments are kept
  const CancelToken* cancel = nullptr;
  // Where the agents run; empty: on this machine.
  std::shared_ptr<devices::RemoteHost> remote;
  // Is told how a framework's environment is made, in the calling thread; null: nobody is.
  Sink* sink = nullptr;

  // A new agent without a model.
  Result<std::unique_ptr<measure::AgentClient>> Start() const;
  // A new agent with the model loaded, in `runtime`, as agents call it; empty: the one of the
  // file's format (FormatOf), or where the model is of a framework, that framework's worker. No
  // threads: one per CPU that the agent may use. `spin` off leaves the cores to others between
  // operators: for everything but timing.
  Result<std::unique_ptr<measure::AgentClient>> Load(const std::filesystem::path& model,
                                                     int threads, bool spin = true,
                                                     std::string_view runtime = {}) const;
  Result<std::unique_ptr<measure::AgentClient>> Load(const std::filesystem::path& model,
                                                     const runtimes::SessionOptions& options,
                                                     std::string_view runtime = {}) const;
  // The same in an agent that runs already.
  Status LoadIn(measure::AgentClient& client, const std::filesystem::path& model,
                const runtimes::SessionOptions& options, std::string_view runtime = {}) const;
};

// The runtime that the model of a run's step is measured and validated in, as agents call it.
std::string RuntimeOf(const report::Record& record, const report::Step& step);

// Where ONNX Runtime stands in for TensorRT, int8 is computed in float between Q and DQ: its own
// int8 kernels may saturate where TensorRT's do not.
runtimes::GraphOptimization OptimizationOf(const report::Record& record, const report::Step& step);

// How the step's model is loaded in that runtime: with the run's threads, and for its DLA.
runtimes::SessionOptions SessionOptionsOf(const report::Record& record, const report::Step& step,
                                          bool spin);

// A new agent with the step's model loaded so.
Result<std::unique_ptr<measure::AgentClient>> LoadStep(const AgentStarter& agents,
                                                       const report::Record& record,
                                                       const report::Step& step,
                                                       const std::filesystem::path& work,
                                                       bool spin = true);

// Each call in an agent of its own. `runtime`: as AgentStarter::Load.
RunModel RunInAgent(AgentStarter starter, runtimes::SessionOptions options,
                    std::string runtime = {});

// In this agent, which outlives it and is shut down when it has run: a package for TensorRT in
// TensorRT where the agent has that, else as the run that had no device measured it.
RunPackaged RunPackagedIn(const AgentStarter& starter, measure::AgentClient& client, int threads);

// Each session has its agent, which ends with it.
LoadTflite TfliteInAgent(AgentStarter starter);

}  // namespace edgeopt::pipeline
