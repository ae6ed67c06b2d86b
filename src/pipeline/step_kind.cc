#include "pipeline/step_kind.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "pipeline/state.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

const StepKind* FindKind(std::string_view name) {
  for (const StepKind& kind : steps::Table())
    if (kind.name == name) return &kind;
  return nullptr;
}

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

}  // namespace

Result<json> MakeVariant(const report::Record& record, const report::Step& step,
                         const fs::path& work, const fs::path& folder, runtimes::Runtime& runtime,
                         Sink& sink, const CancelToken* cancel) {
  const StepKind* kind = FindKind(step.kind);
  if (kind == nullptr) return Unsupported("there is no kind of step '" + step.kind + "'");
  const report::Step* input = record.Find(step.input);
  if (input == nullptr)
    return BadInput("step '" + step.id + "' changes '" + step.input + "', which there is not");
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(InWork(work, input->output)));
  EDGEOPT_TRY(StepOutput made, kind->make({record, step, std::move(model), runtime, sink, cancel}));

  const std::string stem = UnusedStem(record, step, record.model_name + "_" + made.suffix);
  const std::string name = stem + ".onnx";
  EDGEOPT_CHECK_OK(formats::WriteOnnx(made.model, folder / name, {Overwrite::kRefuse}));
  json files = json::object();
  for (const auto& [what, content] : made.files) {
    files[what] = stem + "_" + what + ".json";
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
