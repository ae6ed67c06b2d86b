// VerifyPackage of pipeline/packager.h.
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "data/npz.h"
#include "package/archive.h"
#include "package/manifest.h"
#include "pipeline/golden.h"
#include "pipeline/packager.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

Status RunGolden(const fs::path& folder, const package::Content& content, const RunPackaged& run,
                 Verification& verification) {
  std::vector<std::vector<ir::Tensor>> inputs;
  for (const package::GoldenSample& sample : content.golden) {
    EDGEOPT_TRY(auto arrays, data::ReadNpzTensors(folder / sample.inputs));
    inputs.push_back(std::move(arrays));
  }
  if (inputs.empty()) return OkStatus();
  EDGEOPT_TRY(verification.run, run(folder / content.model_file, content, inputs));
  const auto outputs = std::exchange(verification.run.outputs, {});
  for (size_t i = 0; i < inputs.size(); ++i) {
    Verification::Golden& golden = verification.golden.emplace_back();
    golden.inputs = content.golden[i].inputs;
    EDGEOPT_TRY(const auto expected, data::ReadNpzTensors(folder / content.golden[i].outputs));
    const auto difference = CompareGolden(expected, outputs[i]);
    if (!difference.ok()) {
      golden.problem = difference.error().message;
      continue;
    }
    golden.output = difference->output;
    golden.error_ratio = difference->error_ratio;
    golden.pass = difference->error_ratio <= content.golden_tolerance_ratio;
  }
  return OkStatus();
}

}  // namespace

bool Verification::pass() const {
  if (!file_complaints.empty()) return false;
  for (const Golden& sample : golden)
    if (!sample.pass) return false;
  return true;
}

json ToJson(const Verification& verification) {
  json golden = json::array();
  for (const auto& sample : verification.golden)
    golden.push_back({{"inputs", sample.inputs},
                      {"output", sample.output},
                      {"error_ratio", sample.error_ratio},
                      {"problem", sample.problem.empty() ? json() : json(sample.problem)},
                      {"pass", sample.pass}});
  const GoldenRun& run = verification.run;
  json runtime;
  if (!run.runtime.empty()) runtime = {{"name", run.runtime}, {"version", run.version}};
  if (!run.executes_by.empty()) runtime["executes_by"] = run.executes_by;
  if (!run.stands_in_because.empty()) runtime["stands_in_because"] = run.stands_in_because;
  return {{"pass", verification.pass()},
          {"model", verification.model},
          {"variant", verification.variant},
          {"files", verification.files},
          {"file_complaints", verification.file_complaints},
          {"tolerance_ratio", verification.tolerance_ratio},
          {"golden", golden},
          {"runtime", runtime}};
}

Result<Verification> VerifyPackage(const fs::path& path, const RunPackaged& run) {
  fs::path folder = path;
  std::optional<TemporaryFolder> unpacked;
  std::error_code ec;
  if (!fs::exists(path, ec))
    return BadInput("there is no package '" + path.string() + "'", "name a folder or a .tar.zst");
  if (!fs::is_directory(path, ec)) {
    EDGEOPT_TRY(unpacked, TemporaryFolder::Create());
    EDGEOPT_TRY(folder, package::ExtractArchive(path, unpacked->path()));
  }
  EDGEOPT_TRY(const json manifest, package::ReadManifest(folder));
  EDGEOPT_TRY(const package::Content content, package::ContentOf(manifest));
  Verification verification;
  verification.model = content.model_file;
  verification.variant = manifest["model"].value("variant", "");
  verification.tolerance_ratio = content.golden_tolerance_ratio;
  EDGEOPT_TRY(verification.file_complaints, package::CheckFiles(folder, manifest));
  verification.files = static_cast<int64_t>(manifest["files"].size());
  // What was tampered with is not run.
  if (verification.file_complaints.empty())
    EDGEOPT_CHECK_OK(RunGolden(folder, content, run, verification));
  return verification;
}

}  // namespace edgeopt::pipeline
