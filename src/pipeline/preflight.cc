#include "pipeline/preflight.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/hash.h"
#include "data/open.h"
#include "data/overlap.h"
#include "devices/device.h"
#include "formats/onnx/onnx.h"
#include "metrics/metric.h"
#include "pipeline/class_range.h"
#include "pipeline/dla_check.h"
#include "pipeline/dynamic_sizes.h"
#include "pipeline/import_for_run.h"
#include "pipeline/open_model.h"
#include "pipeline/plan.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"
#include "report/text.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using nlohmann::json;
using report::Number;

namespace {

// Variants are at most as large as the original; the plan makes up to four, the package holds two
// more copies (folder and archive), and writing needs one while it lasts.
constexpr uint64_t kCopies = 7;
constexpr uint64_t kSpareBytes = 100 << 20;
// A floor that lets more than that through hardly proves anything.
constexpr double kGenerousTolerance = 0.1;
// Below it, one sample is a per mille or more, and so the interval is wide.
constexpr int64_t kFewValidationSamples = 1000;
constexpr int64_t kFewCalibrationSamples = 100;
// Of the original and its variants there: as kCopies, without the package.
constexpr int64_t kCopiesOnHost = 5;
// A runtime keeps the file, and weights packed for its kernels.
constexpr int64_t kCopiesInMemory = 2;
// Long enough for a board without a fan to warm up (docs/measuring.md).
constexpr double kSustainedSeconds = 300;

constexpr std::string_view kDefaultDevice = "cpu-generic";

int UsableCpus() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

class Check {
 public:
  Check(const RunOptions& options, const PreflightWorld& world, const CancelToken* cancel)
      : options_(options), world_(world), cancel_(cancel), record_(preflight_.record) {}

  Preflight Run() {
    record_ = SettingsOf(options_);
    if (record_.threads <= 0) record_.threads = UsableCpus();
    const bool readable = Model();
    if (Host()) {
      if (readable) Runtime();
      Device();
    }
    const bool data = readable && Data();
    if (data) DynamicSizes();
    Metric(data);
    Tolerance();
    Target();
    if (data) Calibration();
    if (readable) DiskSpace();
    return std::move(preflight_);
  }

 private:
  void Pass(std::string name, std::string finding) {
    preflight_.items.push_back({std::move(name), Level::kPass, std::move(finding), "", {}});
  }
  void Warn(std::string name, std::string finding, std::string remedy) {
    record_.warnings.push_back(name + ": " + finding);
    preflight_.items.push_back(
        {std::move(name), Level::kWarn, std::move(finding), std::move(remedy), {}});
  }
  bool Fail(std::string name, const Error& error, const std::string& remedy = {}) {
    preflight_.items.push_back({std::move(name), Level::kFail, error.message,
                                error.hint.empty() ? remedy : error.hint, error.code});
    return false;
  }

  bool Model() {
    file_ = options_.model;
    const auto source = OpenSource(options_.model.string(), options_.source);
    if (!source.ok()) return Fail("model", source.error());
    if (!(*source ? Import(**source) : Resize())) return false;
    auto read = OpenModel(file_);
    if (!read.ok()) return Fail("model", read.error(), "name an ONNX or a TFLite model");
    model_ = std::move(read).value();
    const Format format = FormatOf(file_);
    if (!*source) {
      auto hash = Sha256File(options_.model);
      if (!hash.ok()) return Fail("model", hash.error());
      record_.model_sha256 = *hash;
      record_.model_size_bytes = static_cast<int64_t>(fs::file_size(options_.model));
      record_.source_format = Name(format);
    }
    (void)formats::InferTypes(model_);  // types that stay unknown are no failure here
    specs_ = FloatInputSpecsOf(model_);
    Pass("model", record_.model_path + ", " + report::Megabytes(record_.model_size_bytes) + " MB");
    if (record_.imported) {
      const report::Imported& imported = *record_.imported;
      Pass("framework", imported.framework + " " + imported.version + ", " +
                            frameworks::Describe((*source)->kind) + ", read " + imported.way);
      return true;
    }
    std::string framework = format == Format::kTflite
                                ? "TensorFlow Lite"
                                : "ONNX, opset " + std::to_string(model_.OpsetVersion());
    if (!model_.producer_name.empty())
      framework += ", made by " + model_.producer_name +
                   (model_.producer_version.empty() ? "" : " " + model_.producer_version);
    Pass("framework", framework);
    if (record_.resized) Sizes(*record_.resized);
    return true;
  }

  // A framework's model becomes a file that edgeopt reads.
  bool Import(const frameworks::Source& source) {
    return Make([&](const fs::path& folder) {
      return ImportForRun(source, options_, world_, folder, std::string(kDefaultDevice), record_);
    });
  }

  // The model at the sizes that the user asked for, where it has others.
  bool Resize() {
    if (options_.source.shapes.empty() && options_.source.batch.empty()) return true;
    return Make(
        [&](const fs::path& folder) { return ResizeForRun(options_, world_, folder, record_); });
  }

  bool Make(const std::function<Result<fs::path>(const fs::path& folder)>& make) {
    auto folder = TemporaryFolder::Create();
    if (!folder.ok()) return Fail("model", folder.error());
    preflight_.made_files = std::make_shared<const TemporaryFolder>(std::move(*folder));
    const auto file = make(preflight_.made_files->path());
    if (!file.ok()) return Fail("model", file.error());
    file_ = *file;
    return true;
  }

  void Sizes(const report::Resized& resized) {
    if (resized.original_takes_them)
      Pass("sizes", resized.asked + ", verified against the original");
    else
      Warn("sizes",
           resized.asked + ": the original does not run at these sizes" +
               (resized.verified.value("against", json()).is_null()
                    ? ", so there is nothing to compare with but the data"
                    : ""),
           "the baseline is the model at these sizes");
  }

  // Sizes that are still open: what the target does with them.
  void DynamicSizes() {
    const auto found = FindDynamicSizes(record_, model_, *validation_);
    if (!found) return;
    record_.dynamic_sizes = found->told;
    const std::string finding =
        found->told.inputs + ": " + found->told.target + "; measured at " + found->told.measured_at;
    if (found->fits_target)
      Pass("dynamic sizes", finding);
    else
      Warn("dynamic sizes", finding, "fix them with --shape NAME=SIZES or --batch N");
  }

  bool remote() const { return !options_.measuring.host.empty(); }

  // What latencies of this run are measured on.
  bool Host() {
    if (!remote()) {
      machine_ = measure::ReadMachine();
      return true;
    }
    auto host = world_.host();
    if (!host.ok()) return Fail("host", host.error());
    machine_ = host->machine;
    runtimes_ = std::move(host->runtimes);
    record_.machine = measure::ToJson(machine_);
    const int64_t model = record_.model_size_bytes, memory = machine_.memory_available_bytes;
    const std::string name = "'" + options_.measuring.host + "'";
    if (host->free_bytes && *host->free_bytes < kCopiesOnHost * model)
      return Fail("host",
                  Unavailable(name + " has " + report::Megabytes(*host->free_bytes) +
                                  " MB of free disk space, the variants may need " +
                                  report::Megabytes(kCopiesOnHost * model) + " MB",
                              "free some there; 'edgeopt device clean " + options_.measuring.host +
                                  "' removes what edgeopt has put there"));
    if (memory > 0 && memory < model)
      return Fail("host", Unavailable(name + " has " + report::Megabytes(memory) +
                                          " MB of free memory, less than the model has bytes",
                                      "end other programs there, or take a smaller model"));
    const std::string what = machine_.board.empty() ? machine_.cpu_model : machine_.board;
    const std::string finding = name + ": " + what + ", " + machine_.architecture + ", " +
                                std::to_string(machine_.usable_cpus) + " CPUs";
    if (memory > 0 && memory < kCopiesInMemory * model)
      Warn("host", finding + ", " + report::Megabytes(memory) + " MB of free memory",
           "that may be too little; end other programs there");
    else
      Pass("host", finding);
    return true;
  }

  void Runtime() {
    const auto loaded = world_.load(file_);
    if (!loaded.ok()) {
      Fail("runtime", loaded.error());
      return;
    }
    record_.runtime = loaded->name;
    record_.runtime_version = loaded->version;
    Pass("runtime", loaded->name + " " + loaded->version + " loads the model");
  }

  // A runtime that agents of the host lack would fail each step that needs it.
  Status CheckRuntimeOfDevice(const devices::Device& device) const {
    const bool own_format = record_.format == device.format || record_.format == "any";
    if (!remote() || !own_format) return OkStatus();
    for (const measure::RuntimeInfo& runtime : runtimes_)
      if (runtime.name == device.runtime) {
        if (runtime.missing.empty()) return OkStatus();
        return Unavailable("'" + options_.measuring.host + "' can't run " + record_.format + ": " +
                               runtime.name + ": " + runtime.missing,
                           "give its library with --agent-files");
      }
    return Unavailable("the agent on '" + options_.measuring.host + "' does not know " +
                           std::string(device.runtime) + ", which runs " + record_.format,
                       "give an edgeopt that is built with it with --agent-files");
  }

  Status CheckDlaOf(const devices::Device& device) const {
    if (!options_.dla_core) return OkStatus();
    std::string version;
    for (const measure::RuntimeInfo& runtime : runtimes_)
      if (runtime.name == "tensorrt") version = runtime.version;
    return CheckDla(device, *options_.dla_core, version);
  }

  std::string DeviceName() const {
    if (!options_.device.empty()) return options_.device;
    return std::string(remote() ? devices::RecognizeDevice(machine_).name : kDefaultDevice);
  }

  // On the device itself the load says what it settles at; a server's fans say little of a board's.
  void Sustained(const devices::Device& device) {
    const bool real = record_.latency_label.empty() && (remote() || !device.board.empty());
    record_.measuring.sustained_s = options_.sustained_s.value_or(real ? kSustainedSeconds : 0);
  }

  void Device() {
    record_.device = DeviceName();
    const auto device = devices::FindDevice(record_.device);
    if (!device.ok()) {
      Fail("device", device.error());
      return;
    }
    record_.device_title = (*device)->title;
    record_.latency_label = devices::LatencyLabel(**device, machine_);
    if (options_.threads <= 0)
      record_.threads = std::max(
          1, devices::DefaultThreads(**device, remote() ? machine_.usable_cpus : UsableCpus()));
    Sustained(**device);
    record_.format = options_.format.empty() ? (*device)->format : options_.format;
    for (const Status& status : {devices::CheckFormat(**device, record_.format),
                                 CheckRuntimeOfDevice(**device), CheckDlaOf(**device)}) {
      if (status.ok()) continue;
      Fail("device", status.error());
      return;
    }
    if (const auto plan = MakePlan(record_); !plan.ok()) {
      Fail("device", plan.error());
      return;
    }
    const std::string& host = options_.measuring.host;
    if (!record_.latency_label.empty())
      Warn("device",
           record_.device + ": latencies are measured " +
               (remote() ? "on '" + host + "'" : "here") + ", " + record_.latency_label,
           "measure on the device itself" + std::string(remote() ? "" : ": --host"));
    else
      Pass("device", record_.device + ", " + record_.device_title +
                         (remote() && options_.device.empty() ? ", which '" + host + "' is" : ""));
  }

  bool Data() {
    if (options_.data.path.empty())
      return Fail("validation data", UsageError("there is none", "add --data DATA"));
    // All of it first: how much may be held out depends on its size.
    auto all = OpenValidation(record_, specs_);
    if (!all.ok()) return Fail("validation data", all.error());
    record_.data.samples = (*all)->size();
    if (options_.calibration.path.empty()) {
      record_.held_out_samples = HoldOut(record_, (*all)->size());
      all = OpenValidation(record_, specs_);
      if (!all.ok()) return Fail("validation data", all.error());
    }
    validation_ = *all;
    record_.data.description = validation_->Describe();
    if (const Status labels = CheckClassRange(record_, model_, *validation_); !labels.ok())
      return Fail("validation data", labels.error(), "correct the labels, or their order");
    const std::string& finding = record_.data.description;
    if (validation_->size() < kFewValidationSamples)
      Warn("validation data", finding + ": few for an accuracy floor",
           "give more samples; the interval of the accuracy tells how much it may be off");
    else
      Pass("validation data", finding);
    return true;
  }

  void Metric(bool data_open) {
    if (options_.metric.empty()) {
      Fail("metric", UsageError("there is none", "add --metric NAME ('edgeopt list metrics')"));
      return;
    }
    metrics::MetricOptions metric_options;
    metric_options.parameters = options_.metric_parameters;
    const auto made = metrics::Make(options_.metric, metric_options);
    if (!made.ok()) {
      Fail("metric", made.error());
      return;
    }
    bool finite_best = true;
    for (const metrics::MetricInfo& info : metrics::Table()) {
      if (info.name != options_.metric) continue;
      record_.metric_needs_labels = info.needs_labels;
      finite_best = info.finite_best;
    }
    if (!finite_best) {
      Fail("metric", UsageError("the baseline's " + options_.metric +
                                    " is infinite, so that it can't set a floor",
                                "take cosine or agreement-top1; 'edgeopt compare' tells the " +
                                    options_.metric + " of a variant"));
      return;
    }
    if (record_.metric_needs_labels && data_open && !validation_->labelled())
      Fail("metric",
           BadInput("'" + options_.metric + "' needs labels, and the data has none",
                    "give labels (--labels), or a metric of agreement with the baseline"));
    else if (!record_.metric_needs_labels)
      Warn("metric", options_.metric + ": agreement with the baseline, no accuracy",
           "give labelled data and a metric that uses the labels");
    else
      Pass("metric", options_.metric);
  }

  void Tolerance() {
    const double tolerance = options_.tolerance_ratio;
    const std::string finding = Number(tolerance * 100) + " % relative to the baseline";
    if (!(tolerance >= 0 && tolerance < 1))
      Fail("tolerance", UsageError(finding + " is no tolerance", "use for example --tolerance 2%"));
    else if (tolerance > kGenerousTolerance)
      Warn("tolerance", finding + " lets much through", "2 % is usual");
    else
      Pass("tolerance", finding);
  }

  void Target() {
    if (!options_.latency_target_ms)
      Pass("latency target", "none: the best is sought");
    else if (!(*options_.latency_target_ms > 0))
      Fail("latency target", UsageError(Number(*options_.latency_target_ms) + " ms is no target",
                                        "give a positive number of milliseconds"));
    else
      Pass("latency target", Number(*options_.latency_target_ms) + " ms (p50)");
  }

  void Calibration() {
    if (options_.calibration.path.empty()) {
      HeldOut();
      return;
    }
    const auto all = OpenCalibration(record_, specs_, kAllSamples);
    const auto opened = OpenCalibration(record_, specs_);
    if (!all.ok() || !opened.ok()) {
      Fail("calibration data", all.ok() ? opened.error() : all.error());
      return;
    }
    const data::Dataset& calibration = **opened;
    record_.calibration.description = calibration.Describe();
    record_.calibration.limit = calibration.size();
    record_.calibration.samples = (*all)->size();
    const auto overlap = data::FindOverlap(calibration, *validation_, UsableCpus(), cancel_);
    if (!overlap.ok()) {
      Fail("calibration data", overlap.error());
      return;
    }
    if (overlap->shared > 0) {
      Fail("calibration data",
           BadInput(
               std::to_string(overlap->shared) + " of " + std::to_string(overlap->first_size) +
                   " samples are validation data too, for example " + overlap->examples.front(),
               "keep them apart, or leave --calibration out: part of --data is then kept for it"));
      return;
    }
    const std::string& finding = record_.calibration.description;
    if (calibration.size() < kFewCalibrationSamples)
      Warn("calibration data", finding + ": few", "100 or more settle the ranges");
    else
      Pass("calibration data", finding + ", apart from the validation data");
  }

  void HeldOut() {
    const int64_t count = record_.held_out_samples;
    const std::string finding = std::to_string(count) + " samples of --data are kept for it";
    if (count == 0)
      Warn("calibration data", "none: static int8 is left out",
           "add --calibration DATA, samples apart from --data");
    else if (count < kFewCalibrationSamples)
      Warn("calibration data", finding + ": few",
           "add --calibration DATA with 100 samples or more");
    else
      Pass("calibration data", finding + ", and left out of validation");
  }

  void DiskSpace() {
    fs::path folder = fs::absolute(options_.work.empty() ? fs::path(".") : options_.work);
    std::error_code ec;
    while (!fs::exists(folder, ec) && folder.has_relative_path()) folder = folder.parent_path();
    const auto free = world_.free_bytes(folder);
    if (!free.ok()) {
      Fail("disk space", free.error());
      return;
    }
    const uint64_t needed = kCopies * static_cast<uint64_t>(record_.model_size_bytes) + kSpareBytes;
    const std::string finding = Number(static_cast<double>(*free) / 1e6) + " MB are free in '" +
                                folder.string() + "', " +
                                Number(static_cast<double>(needed) / 1e6) + " MB may be needed";
    if (*free < needed)
      Fail("disk space",
           Unavailable(finding, "free disk space, or choose another folder with --work"));
    else
      Pass("disk space", finding);
  }

  const RunOptions& options_;
  const PreflightWorld& world_;
  const CancelToken* cancel_;
  Preflight preflight_;
  report::Record& record_;
  measure::Machine machine_;                    // that measures
  std::vector<measure::RuntimeInfo> runtimes_;  // of the host
  fs::path file_;  // what edgeopt reads: the model, or what was imported of it
  ir::Model model_;
  std::vector<data::InputSpec> specs_;
  DatasetPtr validation_;
};

}  // namespace

std::string_view Name(Level level) {
  return level == Level::kPass ? "pass" : level == Level::kWarn ? "warn" : "fail";
}

std::optional<Error> Preflight::failure() const {
  for (const PreflightItem& item : items)
    if (item.level == Level::kFail)
      return Error{item.code, item.name + ": " + item.finding, item.remedy};
  return std::nullopt;
}

json ToJson(const Preflight& preflight) {
  json items = json::array();
  for (const PreflightItem& item : preflight.items)
    items.push_back({{"name", item.name},
                     {"level", Name(item.level)},
                     {"finding", item.finding},
                     {"remedy", item.remedy.empty() ? json() : json(item.remedy)}});
  return {{"items", items}, {"ready", !preflight.failure().has_value()}};
}

Preflight RunPreflight(const RunOptions& options, const PreflightWorld& world, Sink& sink,
                       const CancelToken* cancel) {
  sink.Start("pre-flight", 0);
  Preflight preflight = Check(options, world, cancel).Run();
  sink.Finish();
  return preflight;
}

}  // namespace edgeopt::pipeline
