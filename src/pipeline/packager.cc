#include "pipeline/packager.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "ir/npy.h"
#include "package/archive.h"
#include "package/manifest.h"
#include "pipeline/golden.h"
#include "pipeline/package_model.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"
#include "pipeline/shipping.h"
#include "pipeline/state.h"
#include "pipeline/tensorrt_package.h"
#include "report/markdown.h"
#include "report/sustained.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;
using report::Record;
using report::Step;

namespace {

constexpr int64_t kGoldenSamples = 3;

class Builder {
 public:
  Builder(const Record& record, fs::path work, fs::path folder, const RunModel& run,
          const FetchBuilt& fetch_built)
      : record_(record),
        best_(*record.best()),
        work_(std::move(work)),
        folder_(std::move(folder)),
        run_(run),
        fetch_built_(fetch_built) {}

  Status Build() {
    std::error_code ec;
    fs::create_directories(folder_ / "golden", ec);
    if (ec) return CantWrite("can't make '" + folder_.string() + "': " + ec.message());
    EDGEOPT_CHECK_OK(CheckVariant());
    EDGEOPT_CHECK_OK(DataFiles());
    EDGEOPT_CHECK_OK(Model());
    EDGEOPT_CHECK_OK(Golden());
    if (IsForTensorRt(best_))
      EDGEOPT_CHECK_OK(
          AddTensorRtFiles(record_, folder_, SymbolicShapes(), fetch_built_, content_));
    const report::Input input{record_, record_.finished_at, package_name_, {}};
    EDGEOPT_CHECK_OK(Put("report.md", report::Markdown(input), "report"));
    if (record_.sustained && record_.sustained->measured())
      EDGEOPT_CHECK_OK(Put(report::kSustainedPlot,
                           report::SustainedPlot(*record_.sustained, record_.model_name),
                           "report"));
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

  Status CheckVariant() const {
    const fs::path source = InWork(work_, best_.output);
    EDGEOPT_TRY(const std::string hash, Sha256File(source));
    if (hash == best_.sha256) return OkStatus();
    return BadInput(
        "'" + source.string() + "' is not the file that was measured: its SHA-256 differs",
        "start a new run");
  }

  Status Model() {
    const fs::path source = InWork(work_, best_.output);
    content_.model_file = source.filename().string();
    content_.roles[content_.model_file] = "model";
    EDGEOPT_CHECK_OK(WritePackagedModel(record_, model_, source, folder_ / content_.model_file));
    EDGEOPT_TRY(ModelPorts ports, ReadPorts(folder_ / content_.model_file));
    content_.inputs = std::move(ports.inputs);
    content_.outputs = std::move(ports.outputs);
    return OkStatus();
  }

  Status DataFiles() {
    const fs::path preprocessing = PreprocessingOf(record_, best_, work_);
    EDGEOPT_TRY(const auto ports, ReadPorts(InWork(work_, best_.output)));
    specs_ = DataSpecsOf(ports);
    integers_ = ports.integers;
    EDGEOPT_TRY(data_, OpenValidation(record_, specs_, preprocessing));
    model_.class_names = data_->class_names();
    if (!preprocessing.empty()) {
      EDGEOPT_TRY(model_.preprocessing, ReadFile(preprocessing));
      EDGEOPT_CHECK_OK(Put("preprocessing.toml", model_.preprocessing, "preprocessing"));
    }
    if (!model_.class_names.empty()) {
      std::string names;
      for (const std::string& name : model_.class_names) names += name + "\n";
      EDGEOPT_CHECK_OK(Put("labels.txt", names, "labels"));
    }
    for (const Step* step : record_.Chain(best_)) {
      for (const auto& [name, file] : step->files) {
        if (name == "preprocessing.toml") continue;
        EDGEOPT_TRY(const std::string text, ReadFile(InWork(work_, file)));
        EDGEOPT_CHECK_OK(Put(name, text, fs::path(name).stem().string()));
      }
    }
    return OkStatus();
  }

  Status Golden() {
    std::vector<std::vector<ir::Tensor>> samples;
    const SizedSamples data = SamplesFor(data_, specs_);
    const int64_t count = std::min(kGoldenSamples, data.count);
    for (int64_t i = 0; i < count; ++i) {
      EDGEOPT_TRY(auto inputs, data.source(i * data.count / count));  // spread over the data
      samples.push_back(ToIntegers(std::move(inputs), integers_));
    }
    EDGEOPT_TRY(const auto outputs, run_(folder_ / content_.model_file, samples));
    for (const ir::Tensor& input : samples.front()) shapes_[input.name] = input.dims();
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

  // The sizes, as in the data, of inputs that have symbolic ones.
  std::map<std::string, ir::Dims> SymbolicShapes() const {
    std::map<std::string, ir::Dims> shapes = shapes_;
    for (const package::Port& port : content_.inputs)
      if (std::ranges::all_of(port.dims, [](int64_t dim) { return dim >= 0; }))
        shapes.erase(port.name);
    return shapes;
  }

  const Record& record_;
  const Step& best_;
  fs::path work_, folder_;
  const RunModel& run_;
  const FetchBuilt& fetch_built_;
  std::string package_name_;
  PackagedModel model_;
  std::vector<data::InputSpec> specs_;
  Integers integers_;  // inputs that the data gives as floats
  DatasetPtr data_;
  std::map<std::string, ir::Dims> shapes_;  // of a sample's inputs
  package::Content content_;
};

// Folder and archive, whole, in `making`.
Status Make(const Record& record, const fs::path& work, const fs::path& making,
            const fs::path& name, const RunModel& run, const FetchBuilt& fetch_built) {
  Builder builder(record, work, making / name, run, fetch_built);
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
                              bool replaceable, const RunModel& run,
                              const FetchBuilt& fetch_built) {
  if (record.best() == nullptr || !record.best()->accuracy)
    return UsageError("there is nothing to package: the baseline is unmeasured",
                      "go on with 'edgeopt resume'");
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "release/"
  fs::path archive = target;
  archive += ".tar.zst";
  EDGEOPT_CHECK_OK(CheckShips(record));
  std::error_code ec;
  for (const fs::path& path : {target, archive})
    if (!replaceable && fs::exists(path, ec))
      return UsageError("'" + path.string() + "' exists already",
                        "choose another one with --output");
  const fs::path making = target.parent_path() / ("." + target.filename().string() + ".making");
  fs::remove_all(making, ec);  // of a run that was killed
  const Status made = Make(record, work, making, target.filename(), run, fetch_built);
  const Status moved = made.ok() ? MoveIn(making, target, archive) : OkStatus();
  fs::remove_all(making, ec);
  EDGEOPT_CHECK_OK(made);
  EDGEOPT_CHECK_OK(moved);
  return Packaged{target.string(), archive.string()};
}

}  // namespace edgeopt::pipeline
