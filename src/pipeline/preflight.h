// Pre-flight: everything that a run needs, looked at before anything is measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "measure/agent_types.h"
#include "pipeline/import_source.h"
#include "pipeline/resize_source.h"
#include "pipeline/run_options.h"
#include "report/record.h"

namespace edgeopt::pipeline {

enum class Level { kPass, kWarn, kFail };
std::string_view Name(Level level);  // "pass"

struct PreflightItem {
  std::string name;  // "validation data"
  Level level = Level::kPass;
  std::string finding;                 // what was found
  std::string remedy;                  // what to do about a warning or failure
  ErrorCode code = ErrorCode::kUsage;  // of a failure
};

struct Preflight {
  std::vector<PreflightItem> items;
  // The settings of the run, complete when nothing failed.
  report::Record record;
  // Where the files lie that record.imported or record.resized names, until they move into the work
  // folder.
  std::shared_ptr<const TemporaryFolder> made_files;

  // The first failure as an error; nullopt when the run may begin.
  std::optional<Error> failure() const;
};
nlohmann::json ToJson(const Preflight& preflight);

// What pre-flight asks of the outside.
struct PreflightWorld {
  // Loads the model in a process of its own: the runtime's name and version.
  struct Runtime {
    std::string name, version;
  };
  std::function<Result<Runtime>(const std::filesystem::path& model)> load;
  // The machine that measures, where that is another one.
  struct Host {
    measure::Machine machine;
    std::vector<measure::RuntimeInfo> runtimes;
    std::optional<int64_t> free_bytes;  // where models are kept there
  };
  std::function<Result<Host>()> host;
  // ImportSource.
  std::function<Result<ImportedFile>(const ImportRequest& request,
                                     const std::filesystem::path& folder)>
      import_source;
  // ResizeSource.
  std::function<Result<report::Resized>(const ResizeRequest& request,
                                        const std::filesystem::path& folder)>
      resize_source;
  std::function<Result<uint64_t>(const std::filesystem::path& folder)> free_bytes;
};

// Items in this order: model, framework, sizes (where others were asked for), host (where there is
// one), runtime, device, validation data, dynamic sizes (where there are some), metric, tolerance,
// latency target, calibration data, disk space. An item that depends on one that failed is left
// out.
Preflight RunPreflight(const RunOptions& options, const PreflightWorld& world, Sink& sink,
                       const CancelToken* cancel);

}  // namespace edgeopt::pipeline
