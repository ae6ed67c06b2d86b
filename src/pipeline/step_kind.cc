#include "pipeline/step_kind.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/from_tflite.h"
#include "pipeline/open_model.h"
#include "pipeline/state.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// MODEL_SUFFIX, with a number behind it where another step has that name.
std::string UnusedStem(const report::Record& record, const report::Step& step,
                       const std::string& wanted) {
  const auto is_used = [&](const std::string& stem) {
    return std::any_of(record.steps.begin(), record.steps.end(), [&](const report::Step& other) {
      return other.id != step.id && fs::path(other.output).stem() == stem;
    });
  };
  std::string stem = wanted;
  for (int number = 2; is_used(stem); ++number) stem = wanted + "_" + std::to_string(number);
  return stem;
}

// The step's input as ONNX. A TFLite one is raised, simplified, and verified in both runtimes: what
// a step makes of it is verified against the raised model alone.
Result<ir::Model> ReadInput(const fs::path& path, runtimes::Runtime& runtime,
                            const LoadTflite& litert, Sink& sink, const CancelToken* cancel) {
  if (FormatOf(path) == Format::kOnnx) return formats::ReadOnnx(path);
  EDGEOPT_TRY(const Buffer bytes, Buffer::Map(path));
  EDGEOPT_TRY(const formats::tflite::File file, formats::tflite::ParseTflite(bytes));
  EDGEOPT_TRY(const Raised raised, RaiseModel(file, {}, runtime, sink, cancel));
  EDGEOPT_TRY(const auto session, litert(bytes.bytes()));
  json verified;
  EDGEOPT_CHECK_OK(VerifyRaised(raised, {}, runtime, *session, sink, verified));
  return raised.model;
}

Status WriteModel(const StepOutput& made, const fs::path& path) {
  if (made.tflite == nullptr) return formats::WriteOnnx(made.model, path, {Overwrite::kRefuse});
  formats::tflite::TfliteWriteOptions options;
  options.overwrite = Overwrite::kRefuse;
  return formats::tflite::WriteTflite(*made.tflite, path, options);
}

}  // namespace

const StepKind* FindStepKind(std::string_view name) {
  for (const StepKind& kind : steps::Table())
    if (kind.name == name) return &kind;
  return nullptr;
}

Result<json> MakeVariant(const report::Record& record, const report::Step& step,
                         const fs::path& work, const fs::path& folder, runtimes::Runtime& runtime,
                         const LoadTflite& litert, Sink& sink, const CancelToken* cancel) {
  const StepKind* kind = FindStepKind(step.kind);
  if (kind == nullptr) return Unsupported("there is no kind of step '" + step.kind + "'");
  const report::Step* input = record.Find(step.input);
  if (input == nullptr)
    return BadInput("step '" + step.id + "' changes '" + step.input + "', which there is not");
  // Of a source in its framework, or without the sizes that were asked for: what edgeopt reads in
  // its place.
  const bool has_stand_in = !input->framework.empty() || record.lacks_sizes(*input);
  const fs::path file = InWork(work, has_stand_in ? record.source_file() : input->output);
  ir::Model model;
  if (!kind->takes_file) {
    EDGEOPT_TRY(model, ReadInput(file, runtime, litert, sink, cancel));
  }
  EDGEOPT_TRY(StepOutput made,
              kind->make({record, step, file, std::move(model), runtime, litert, sink, cancel}));

  const std::string stem = UnusedStem(record, step, record.model_name + "_" + made.suffix);
  const std::string name = stem + (made.tflite != nullptr ? ".tflite" : ".onnx");
  EDGEOPT_CHECK_OK(WriteModel(made, folder / name));
  json files = json::object();
  for (const auto& [what, content] : made.files) {
    files[what] = stem + "_" + what;
    EDGEOPT_CHECK_OK(WriteFile(folder / files[what].get<std::string>(), content));
  }
  EDGEOPT_TRY(const std::string hash, Sha256File(folder / name));
  return json{{"output", name},
              {"sha256", hash},
              {"size_bytes", fs::file_size(folder / name)},
              {"precision", made.precision},
              {"parameters", made.parameters},
              {"details", made.details},
              {"files", files},
              {"warnings", made.warnings}};
}

}  // namespace edgeopt::pipeline
