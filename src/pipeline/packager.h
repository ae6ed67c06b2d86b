// The last phase: the best variant, its proof and what it needs to be used, as a folder and as one
// archive; and the check of such a package on any machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"
#include "package/manifest.h"
#include "pipeline/workflow.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// Runs a model file on several samples in a process of its own: the outputs of each.
using RunModel = std::function<Result<std::vector<std::vector<ir::Tensor>>>(
    const std::filesystem::path& model, const std::vector<std::vector<ir::Tensor>>& samples)>;

// Fetches what the run's machine built to run a step's model (TensorRT's engine, what it was built
// with, timings of kernels) into a folder that exists: the names. Empty where nothing was built.
using FetchBuilt = std::function<Result<std::vector<std::string>>(
    const report::Step& step, const std::filesystem::path& folder)>;

// Packages record.best(). `folder` appears as a whole, by a rename; `archive` beside it is
// folder + ".tar.zst". Usage error when `folder` exists, unless it is `replaceable` (a leftover of
// this very run). BadInput when the variant's file is not the one that was measured.
Result<Packaged> BuildPackage(const report::Record& record, const std::filesystem::path& work,
                              const std::filesystem::path& folder, bool replaceable,
                              const RunModel& run, const FetchBuilt& fetch_built = {});
// Where a run packages by default: WORK/NAME_package.
std::filesystem::path DefaultPackageFolder(const report::Record& record,
                                           const std::filesystem::path& work);

// What the golden inputs give on the machine at hand.
struct GoldenRun {
  std::vector<std::vector<ir::Tensor>> outputs;  // of each sample
  std::string runtime, version;                  // "tensorrt", "10.3.0", as agents call it
  std::string executes_by;                       // as runtimes::Session has it
  // Not empty: the model is for TensorRT and was run in another runtime, with the reason.
  std::string stands_in_because;
};
// Runs a packaged model on the golden inputs, in the runtime that it is for where the machine has
// that.
using RunPackaged = std::function<Result<GoldenRun>(
    const std::filesystem::path& model, const package::Content& content,
    const std::vector<std::vector<ir::Tensor>>& samples)>;

struct Verification {
  std::vector<std::string> file_complaints;  // empty: all files are as packaged
  struct Golden {
    std::string inputs, output;  // the sample's file; the output that differs most
    double error_ratio = 0;
    std::string problem;  // could not be compared
    bool pass = false;
  };
  std::vector<Golden> golden;
  double tolerance_ratio = 0;
  int64_t files = 0;
  std::string model, variant;
  GoldenRun run;  // without its outputs; no runtime: nothing was run

  bool pass() const;
};
nlohmann::json ToJson(const Verification& verification);

// `package`: a folder, or an archive, which is unpacked into a temporary folder. The golden samples
// are run only when all files are as packaged. BadInput for what is no package.
Result<Verification> VerifyPackage(const std::filesystem::path& package, const RunPackaged& run);

}  // namespace edgeopt::pipeline
