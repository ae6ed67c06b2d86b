#include "frameworks/worker.h"

#include <nlohmann/json.hpp>

#include "frameworks/worker_messages.h"

namespace edgeopt::frameworks {
namespace {

using measure::AgentClient;
using nlohmann::json;

std::vector<std::string> Variables(const Environment& environment, const Source& source) {
  std::vector<std::string> variables = {
      "EDGEOPT_VERSION=" EDGEOPT_VERSION,
      "CUDA_VISIBLE_DEVICES=",  // see StartWorker
      "TF_CPP_MIN_LOG_LEVEL=2",
      "PYTHONDONTWRITEBYTECODE=1",  // nothing is left in the user's folders
  };
  if (!environment.own()) return variables;
  // Packages of the user must not stand before the locked ones.
  variables.push_back("PYTHONNOUSERSITE=1");
  variables.push_back("PYTHONHOME=");
  if (source.kind != Kind::kModule) variables.push_back("PYTHONPATH=");
  return variables;
}

bool TellsOfMemory(const std::string& text) {
  for (const char* words : {"MemoryError", "bad_alloc", "allocate memory", "out of memory",
                            "Out of memory", "ResourceExhausted", "failed to map segment"})
    if (text.find(words) != std::string::npos) return true;
  return false;
}

// Why a worker with a memory limit ended, where its words tell that this was it.
std::optional<Error> ExplainEnd(int64_t memory_limit_bytes, const ExitStatus& status,
                                const std::string& error_output) {
  if (memory_limit_bytes == 0 || !TellsOfMemory(error_output)) return std::nullopt;
  return Unavailable("its memory limit of " + std::to_string(memory_limit_bytes >> 20) +
                         " MiB was reached (" + status.ToString() + ")",
                     "give it more memory, or give the model in another form (ONNX, TFLite)");
}

const char* PackagesOf(Framework framework) {
  return framework == Framework::kPytorch ? "torch onnx onnxscript" : "tensorflow tf2onnx";
}

// The framework could not be imported.
Error Lacks(const Environment& environment, const std::string& why) {
  const std::string title = Title(environment.framework);
  if (environment.own())
    return Unavailable(
        "the environment '" + environment.folder.string() + "' does not work: " + why,
        "remove that folder: it is made anew at the next use");
  return Unavailable("'" + environment.python + "' has no working " + title + ": " + why,
                     "install it there ('" + environment.python + "' -m pip install " +
                         PackagesOf(environment.framework) +
                         "), or leave out --python: edgeopt makes an environment of its own");
}

Status CheckFramework(const Environment& environment, const measure::AgentHello& hello) {
  const std::string name = Name(environment.framework);
  for (const measure::RuntimeInfo& runtime : hello.runtimes) {
    if (runtime.name != name) continue;
    return runtime.missing.empty() ? OkStatus() : Status(Lacks(environment, runtime.missing));
  }
  return Lacks(environment, "the worker names no runtime '" + name + "'");
}

measure::AgentOptions OptionsOfAgent(const Environment& environment, const Source& source,
                                     const WorkerOptions& options) {
  measure::AgentOptions agent;
  // -u: what user code prints is there also after a crash.
  agent.argv = {environment.python, "-u",
                (environment.files / "python" / "edgeopt_worker").string(),
                JsonLine(ToJson(source, options.memory_limit_bytes))};
  agent.environment = Variables(environment, source);
  agent.who = "the " + Title(environment.framework) + " worker";
  agent.patience = options.patience;
  agent.cancel = options.cancel;
  agent.error_log = options.log;
  agent.explain_end = [limit = options.memory_limit_bytes](const ExitStatus& status,
                                                           const std::string& error_output) {
    return ExplainEnd(limit, status, error_output);
  };
  agent.end_hint =
      Title(environment.framework) +
      " may not stand this model; export it yourself (ONNX, TFLite) and give that file";
  if (!environment.own())
    agent.end_hint = "look whether '" + environment.python +
                     "' works by itself; without --python "
                     "edgeopt makes an environment of its own";
  return agent;
}

// An answer of another form than the protocol's.
Error OffProtocol(const std::string& method, const Error& error) {
  return Unavailable("the worker's answer to '" + method +
                     "' does not follow the protocol: " + error.message);
}

}  // namespace

Result<std::unique_ptr<AgentClient>> StartWorker(const Environment& environment,
                                                 const Source& source,
                                                 const WorkerOptions& options) {
  EDGEOPT_CHECK_OK(CheckOptions(source));
  if (source.framework() != environment.framework)
    return Internal("a source of " + Title(source.framework()) + " in an environment of " +
                    Title(environment.framework));
  auto started = AgentClient::Start(OptionsOfAgent(environment, source, options));
  if (!started.ok()) {
    Error error = started.error();
    if (error.hint.empty() && !environment.own())  // there is no such program
      error.hint =
          "name another Python with --python, or leave it out: edgeopt makes an "
          "environment of its own";
    return error;
  }
  std::unique_ptr<AgentClient> client = std::move(started).value();
  EDGEOPT_CHECK_OK(CheckFramework(environment, client->hello()));
  return client;
}

measure::LoadOptions LoadOptionsFor(Framework framework, int threads) {
  measure::LoadOptions options;
  options.runtime = Name(framework);
  options.session.threads = threads;
  return options;
}

Result<Description> Describe(AgentClient& worker) {
  EDGEOPT_TRY(const json answer, worker.Ask("describe", json::object()));
  auto description = DescriptionFrom(answer);
  if (!description.ok()) return OffProtocol("describe", description.error());
  return description;
}

Result<Exported> Export(AgentClient& worker, const ExportRequest& request, Sink* sink) {
  EDGEOPT_TRY(const json answer, worker.Ask("export", ToJson(request), sink, "export"));
  auto exported = ExportedFrom(answer);
  if (!exported.ok()) return OffProtocol("export", exported.error());
  return exported;
}

Result<InsideValues> SeeInside(AgentClient& worker, std::span<const ir::Tensor> inputs,
                               int64_t max_bytes) {
  json rest;
  EDGEOPT_TRY(auto tensors,
              worker.AskForTensors("inside", inputs, {{"max_bytes", max_bytes}}, rest));
  auto values = InsideValuesFrom(rest, std::move(tensors));
  if (!values.ok()) return OffProtocol("inside", values.error());
  return values;
}

}  // namespace edgeopt::frameworks
