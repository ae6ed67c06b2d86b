#include "pipeline/framework_worker.h"

#include <algorithm>

#include "frameworks/environment.h"
#include "frameworks/worker.h"
#include "frameworks/worker_log.h"
#include "measure/machine.h"

namespace edgeopt::pipeline {

using measure::AgentClient;

namespace {

// What the machine has, less what it needs itself: a model that wants more ends with an error
// instead of the machine.
int64_t MemoryLimit() { return measure::ReadMachine().memory_bytes / 10 * 9; }

}  // namespace

Result<std::unique_ptr<AgentClient>> StartFramework(const AgentStarter& agents,
                                                    const frameworks::Source& source,
                                                    const std::string& python,
                                                    const std::filesystem::path& logs) {
  EDGEOPT_CHECK_OK(frameworks::CheckOptions(source));
  frameworks::EnvironmentOptions options;
  options.cache = agents.cache;
  options.python = python;
  options.sink = agents.sink;
  options.cancel = agents.cancel;
  EDGEOPT_TRY(const frameworks::Environment environment,
              frameworks::OpenEnvironment(source.framework(), options));
  frameworks::WorkerOptions worker;
  worker.memory_limit_bytes = MemoryLimit();
  worker.cancel = agents.cancel;
  worker.log = frameworks::NewLog(logs.empty() ? frameworks::LogsFolder(agents.cache) : logs,
                                  source.framework());
  return frameworks::StartWorker(environment, source, worker);
}

Result<std::unique_ptr<AgentClient>> LoadInFramework(const AgentStarter& agents,
                                                     const frameworks::Source& source, int threads,
                                                     const std::string& python,
                                                     const std::filesystem::path& logs) {
  if (agents.remote)
    return Unsupported("'" + source.name() + "' runs in its framework, on this machine alone",
                       "'edgeopt convert' makes ONNX or TFLite of it, which run on '" +
                           agents.remote->name() + "'");
  EDGEOPT_TRY(auto worker, StartFramework(agents, source, python, logs));
  if (threads <= 0) threads = std::max(1, worker->hello().machine.usable_cpus);
  EDGEOPT_CHECK_OK(
      worker->Load(source.name(), frameworks::LoadOptionsFor(source.framework(), threads)));
  return worker;
}

Result<std::unique_ptr<AgentClient>> LoadInFramework(const AgentStarter& agents,
                                                     const report::Record& record,
                                                     const std::filesystem::path& work) {
  if (!record.imported) return Internal("the source is of no framework");
  EDGEOPT_TRY(const frameworks::Source source, frameworks::SourceFromJson(record.imported->source));
  return LoadInFramework(agents, source, record.threads, record.imported->python, work / kRunLogs);
}

}  // namespace edgeopt::pipeline
