// A kind of step: how a variant is made. One file per kind in steps/, found by the build.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "pipeline/convert_types.h"
#include "pipeline/run_data.h"
#include "report/record.h"
#include "runtimes/runtime.h"

namespace edgeopt::formats::tflite {
struct File;
}

namespace edgeopt::pipeline {

struct StepInput {
  const report::Record& record;
  const report::Step& step;
  std::filesystem::path file;  // the step's input
  ir::Model model;             // of that, unless the kind takes the file
  runtimes::Runtime& runtime;  // ONNX Runtime
  const LoadTflite& litert;
  Sink& sink;
  const CancelToken* cancel = nullptr;
};

struct StepOutput {
  // Exactly one of them.
  ir::Model model;
  std::shared_ptr<const formats::tflite::File> tflite;
  std::string suffix;     // of the file's name: "int8_static_entropy"
  std::string precision;  // "int8"
  nlohmann::json parameters;
  nlohmann::json details;
  // Content of further files, by their names in the package: "calibration_table.json".
  std::map<std::string, std::string> files;
  std::vector<std::string> warnings;
};

struct StepKind {
  std::string_view name;  // "static-int8": the file's name with dashes
  std::string_view summary;
  bool calibrates = false;  // has a calibrator, samples and ranges
  bool is_int8 = false;     // can leave operators in float
  Result<StepOutput> (*make)(StepInput input) = nullptr;
  bool takes_file = false;  // is made of the file itself
};

namespace steps {
// All kinds, sorted by name; generated.
std::span<const StepKind> Table();
}  // namespace steps

// The kind of that name, or null.
const StepKind* FindStepKind(std::string_view name);

// Runs the step in this process and writes what it made into `folder`: MODEL_SUFFIX.onnx or
// .tflite, with a number behind it where another step has that name, and the further files. Returns
// the account of it (Made, as JSON, with names relative to `folder`).
Result<nlohmann::json> MakeVariant(const report::Record& record, const report::Step& step,
                                   const std::filesystem::path& work,
                                   const std::filesystem::path& folder, runtimes::Runtime& runtime,
                                   const LoadTflite& litert, Sink& sink, const CancelToken* cancel);

}  // namespace edgeopt::pipeline
