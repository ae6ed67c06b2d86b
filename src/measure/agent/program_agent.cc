#include "measure/agent/program_agent.h"

#include "runtimes/library_path.h"
#include "runtimes/litert/litert.h"
#include "runtimes/onnxruntime/onnxruntime.h"
#include "runtimes/tensorrt/tensorrt.h"

namespace edgeopt::measure {

AgentConfig ProgramAgent(std::string version, const AgentPlaces& places) {
  const std::filesystem::path folder = places.program.parent_path();
  AgentConfig config;
  config.version = std::move(version);
  config.store = places.store;
  if (!places.cache.empty()) config.journal_folder = places.cache / "clocks";
  config.runtimes.push_back({"onnxruntime", [folder, places] {
                               return runtimes::OpenOnnxRuntime(runtimes::OnnxRuntimeCandidates(
                                   folder, places.runtime_library, places.cache));
                             }});
  config.runtimes.push_back({"litert", [folder, places] {
                               return runtimes::OpenLiteRt(
                                   runtimes::LiteRtCandidates(folder, {}, places.cache));
                             }});
  // Beside what an agent on another machine keeps, which `device clean` removes; else in the cache.
  std::filesystem::path engines;
  if (!places.store.empty())
    engines = places.store.parent_path() / "engines";
  else if (!places.cache.empty())
    engines = places.cache / "engines";
  const auto open_onnxruntime = config.runtimes.front().open;
  config.runtimes.push_back(
      {"tensorrt", [engines, open_onnxruntime]() -> Result<std::shared_ptr<runtimes::Runtime>> {
         return runtimes::OpenTensorRt({engines, open_onnxruntime});
       }});
  return config;
}

}  // namespace edgeopt::measure
