#include "pipeline/packager.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "data/preprocessing.h"
#include "formats/onnx/onnx.h"
#include "ir/npy.h"
#include "package/archive.h"
#include "package/manifest.h"
#include "pipeline/golden.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"
#include "pipeline/state.h"
#include "report/markdown.h"
#include "report/text.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;
using report::Record;
using report::Step;

namespace {

constexpr int64_t kGoldenSamples = 3;

// Essentials that stay with the model where the package around it is lost.
void AddMetadata(const Record& record, const Step& best, ir::Model& model) {
  std::string recipe;
  for (const Step* step : record.Chain(best)) recipe += (recipe.empty() ? "" : ", ") + step->id;
  std::vector<std::pair<std::string, std::string>> entries = {
      {"edgeopt.version", record.tool_version},
      {"edgeopt.source_sha256", record.model_sha256},
      {"edgeopt.variant", best.id},
      {"edgeopt.recipe", recipe.empty() ? "none" : recipe},
      {"edgeopt.device", record.device}};
  if (best.accuracy && record.baseline()->accuracy) {
    entries.emplace_back("edgeopt.metric", record.metric);
    entries.emplace_back("edgeopt.accuracy", report::Score(best.accuracy->value));
    entries.emplace_back("edgeopt.baseline_accuracy",
                         report::Score(record.baseline()->accuracy->value));
    entries.emplace_back("edgeopt.accuracy_samples", std::to_string(best.accuracy->samples));
    entries.emplace_back("edgeopt.accuracy_tolerance",
                         report::Number(record.tolerance_ratio * 100) + "%");
  }
  std::erase_if(model.metadata,
                [](const auto& entry) { return entry.first.starts_with("edgeopt."); });
  model.metadata.insert(model.metadata.end(), entries.begin(), entries.end());
}

std::vector<package::Port> PortsOf(const ir::Graph& graph, const std::vector<ir::ValueId>& values) {
  std::vector<package::Port> ports;
  for (const ir::ValueId id : values) {
    const ir::Value& value = graph.value(id);
    if (value.initializer) continue;
    package::Port port{value.name, std::string(ir::Name(value.type.element)), {}};
    if (value.type.shape)
      for (const ir::Dim& dim : *value.type.shape) port.dims.push_back(dim.value.value_or(-1));
    ports.push_back(std::move(port));
  }
  return ports;
}

class Builder {
 public:
  Builder(const Record& record, fs::path work, fs::path folder, const RunModel& run)
      : record_(record),
        best_(*record.best()),
        work_(std::move(work)),
        folder_(std::move(folder)),
        run_(run) {}

  Status Build() {
    std::error_code ec;
    fs::create_directories(folder_ / "golden", ec);
    if (ec) return CantWrite("can't make '" + folder_.string() + "': " + ec.message());
    EDGEOPT_CHECK_OK(Model());
    EDGEOPT_CHECK_OK(DataFiles());
    EDGEOPT_CHECK_OK(Golden());
    const report::Input input{record_, record_.finished_at, package_name_, {}};
    EDGEOPT_CHECK_OK(Put("report.md", report::Markdown(input), "report"));
    EDGEOPT_CHECK_OK(Put("report.json", report::Document(input).dump(1) + "\n", "report"));
    EDGEOPT_TRY(const json manifest, package::MakeManifest(record_, content_, folder_));
    return WriteFile(folder_ / package::kManifestName, manifest.dump(1) + "\n");
  }
  void set_package_name(std::string name) { package_name_ = std::move(name); }

 private:
  Status Put(const std::string& name, const std::string& text, const std::string& role) {
    content_.roles[name] = role;
    return WriteFile(folder_ / name, text);
  }

  Status Model() {
    const fs::path source = InWork(work_, best_.output);
    EDGEOPT_TRY(const std::string hash, Sha256File(source));
    if (hash != best_.sha256)
      return BadInput(
          "'" + source.string() + "' is not the file that was measured: its SHA-256 differs",
          "start a new run");
    EDGEOPT_TRY(model_, formats::ReadOnnx(source));
    AddMetadata(record_, best_, model_);
    if (!record_.preprocessing.empty()) {
      EDGEOPT_TRY(const std::string text, ReadFile(record_.preprocessing));
      model_.metadata.emplace_back("edgeopt.preprocessing", text);
    }
    content_.model_file = source.filename().string();
    content_.roles[content_.model_file] = "model";
    content_.inputs = PortsOf(model_.graph, model_.graph.inputs());
    content_.outputs = PortsOf(model_.graph, model_.graph.outputs());
    return formats::WriteOnnx(model_, folder_ / content_.model_file);
  }

  Status DataFiles() {
    if (!record_.preprocessing.empty()) {
      EDGEOPT_TRY(const std::string text, ReadFile(record_.preprocessing));
      EDGEOPT_CHECK_OK(Put("preprocessing.toml", text, "preprocessing"));
    }
    for (const Step* step : record_.Chain(best_)) {
      for (const auto& [what, file] : step->files) {
        EDGEOPT_TRY(const std::string text, ReadFile(InWork(work_, file)));
        EDGEOPT_CHECK_OK(Put(what + ".json", text, what));
      }
    }
    return OkStatus();
  }

  Status Golden() {
    const auto specs = InputSpecsOf(model_);
    EDGEOPT_TRY(const DatasetPtr data, OpenValidation(record_, specs));
    if (!data->class_names().empty()) {
      std::string names;
      for (const std::string& name : data->class_names()) names += name + "\n";
      EDGEOPT_CHECK_OK(Put("labels.txt", names, "labels"));
    }
    std::vector<std::vector<ir::Tensor>> samples;
    const int64_t count = std::min(kGoldenSamples, data->size());
    const auto source = SourceOf(*data, specs);
    for (int64_t i = 0; i < count; ++i) {
      EDGEOPT_TRY(auto inputs, source(i * data->size() / count));  // spread over the data
      samples.push_back(std::move(inputs));
    }
    EDGEOPT_TRY(const auto outputs, run_(folder_ / content_.model_file, samples));
    for (size_t i = 0; i < samples.size(); ++i) {
      const std::string stem = "golden/" + std::to_string(i);
      package::GoldenSample golden{stem + "_inputs.npz", stem + "_outputs.npz"};
      EDGEOPT_CHECK_OK(ir::WriteNpz(folder_ / golden.inputs, samples[i]));
      EDGEOPT_CHECK_OK(ir::WriteNpz(folder_ / golden.outputs, outputs[i]));
      content_.roles[golden.inputs] = content_.roles[golden.outputs] = "golden";
      content_.golden.push_back(std::move(golden));
    }
    content_.golden_tolerance_ratio = best_.precision == "int8"      ? kInt8Tolerance
                                      : best_.precision == "float16" ? kFloat16Tolerance
                                                                     : kFloatTolerance;
    return OkStatus();
  }

  const Record& record_;
  const Step& best_;
  fs::path work_, folder_;
  const RunModel& run_;
  std::string package_name_;
  ir::Model model_;
  package::Content content_;
};

// Folder and archive, whole, in `making`.
Status Make(const Record& record, const fs::path& work, const fs::path& making,
            const fs::path& name, const RunModel& run) {
  Builder builder(record, work, making / name, run);
  builder.set_package_name(name.string());
  EDGEOPT_CHECK_OK(builder.Build());
  return package::WriteArchive(making / name, making / (name.string() + ".tar.zst"));
}

// What they replace is removed only now.
Status MoveIn(const fs::path& making, const fs::path& target, const fs::path& archive) {
  std::error_code ec;
  fs::remove_all(target, ec);
  if (!ec) fs::rename(making / target.filename(), target, ec);
  if (!ec) fs::rename(making / archive.filename(), archive, ec);
  if (ec) return CantWrite("can't make '" + target.string() + "': " + ec.message());
  return OkStatus();
}

}  // namespace

fs::path DefaultPackageFolder(const Record& record, const fs::path& work) {
  return fs::absolute(work) / (record.model_name + "_package");
}

Result<Packaged> BuildPackage(const Record& record, const fs::path& work, const fs::path& folder,
                              bool replaceable, const RunModel& run) {
  if (record.best() == nullptr || !record.best()->accuracy)
    return UsageError("there is nothing to package: the baseline is unmeasured",
                      "go on with 'edgeopt resume'");
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "release/"
  fs::path archive = target;
  archive += ".tar.zst";
  std::error_code ec;
  for (const fs::path& path : {target, archive})
    if (!replaceable && fs::exists(path, ec))
      return UsageError("'" + path.string() + "' exists already",
                        "choose another one with --output");
  const fs::path making = target.parent_path() / ("." + target.filename().string() + ".making");
  fs::remove_all(making, ec);  // of a run that was killed
  const Status made = Make(record, work, making, target.filename(), run);
  const Status moved = made.ok() ? MoveIn(making, target, archive) : OkStatus();
  fs::remove_all(making, ec);
  EDGEOPT_CHECK_OK(made);
  EDGEOPT_CHECK_OK(moved);
  return Packaged{target.string(), archive.string()};
}

}  // namespace edgeopt::pipeline
