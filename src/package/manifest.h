// manifest.json, the proof that goes with a packaged model (docs/formats/package.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::package {

inline constexpr int kManifestSchemaVersion = 1;
inline constexpr const char* kManifestName = "manifest.json";

// An input or output of the packaged model.
struct Port {
  std::string name, type;     // "float32"
  std::vector<int64_t> dims;  // -1: dynamic
};

// One recorded run of the packaged model, as .npz files in the package.
struct GoldenSample {
  std::string inputs, outputs;
};

// The role of what only a package for TensorRT has.
inline constexpr const char* kBuildRecipe = "build recipe";

struct Content {
  std::string model_file;  // in the package
  std::string precision;   // as report::Step has it
  bool for_tensorrt = false;
  std::optional<int> dla_core;  // that its engines are built for
  std::vector<Port> inputs, outputs;
  std::vector<GoldenSample> golden;
  // Largest allowed difference of a golden output, as a part of the largest magnitude in it.
  double golden_tolerance_ratio = 0;
  // Role by file: "golden/0_inputs.npz" -> "golden".
  std::map<std::string, std::string> roles;
};

// What the manifest says about the variant record.best() and where it came from. `folder` holds all
// files but the manifest itself; each is listed with its hash.
Result<nlohmann::json> MakeManifest(const report::Record& record, const Content& content,
                                    const std::filesystem::path& folder);

// Reads FOLDER/manifest.json. BadInput when it is missing, no JSON, or lacks a member that
// verification needs; Unsupported for another schema version.
Result<nlohmann::json> ReadManifest(const std::filesystem::path& folder);
// What of it verification needs.
Result<Content> ContentOf(const nlohmann::json& manifest);

// One complaint per file that is missing, has another size or hash, or is not in the manifest.
// Empty: the package is as it was made. BadInput for a manifest that names files outside of it.
Result<std::vector<std::string>> CheckFiles(const std::filesystem::path& folder,
                                            const nlohmann::json& manifest);

}  // namespace edgeopt::package
