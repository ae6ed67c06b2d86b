#include "pipeline/import_source.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "formats/pt2/pt2.h"
#include "frameworks/worker.h"
#include "pipeline/difference_start.h"
#include "pipeline/framework_worker.h"
#include "pipeline/inside_file.h"
#include "pipeline/matched_session.h"
#include "pipeline/open_model.h"
#include "pipeline/oracle.h"
#include "pipeline/simplify.h"
#include "pipeline/tolerance.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using frameworks::Kind;
using measure::AgentClient;
using nlohmann::json;

namespace {

// Other kernels and another order of sums; what exporters get wrong (a batch norm that trains,
// corners of an interpolation) is of another size. It is also the tolerance of
// torch.onnx.verification.
constexpr double kExportTolerance = 1e-3;
constexpr int64_t kRandomSamples = 2;
// Of the values inside the framework's model, where an export differs: those of a detector at 640
// by 640, and of a vision transformer's many layers.
constexpr int64_t kMaxInsideBytes = int64_t{1} << 30;

Result<int64_t> BytesIn(const fs::path& folder) {
  std::error_code ec;
  int64_t bytes = 0;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    bytes += static_cast<int64_t>(it->file_size(ec));
  if (ec) return Unavailable("can't read '" + folder.string() + "': " + ec.message());
  return bytes;
}

// Of errors that end all attempts, not one.
bool EndsImport(const Error& error) {
  return error.code == ErrorCode::kInterrupted || error.code == ErrorCode::kUsage ||
         error.environment;
}

class Import {
 public:
  Import(const ImportRequest& request, const fs::path& folder, const ImportTools& tools)
      : request_(request), tools_(tools), source_(request.source), folder_(folder / "source") {}

  Result<ImportedFile> Run() {
    EDGEOPT_CHECK_OK(frameworks::CheckOptions(source_));
    if (request_.unverified && source_.kind != Kind::kPt2)
      return UsageError("'" + source_.name() + "' can't be read without its framework",
                        "only .pt2 files can be; leave --unverified out");
    if (!request_.unverified) EDGEOPT_CHECK_OK(OpenWorker());
    const auto attempts =
        ImportAttempts(source_.kind, request_.to_tflite, !description_.dynamic.empty(),
                       request_.unverified ? ImportChoice{"natively", 0} : request_.choice);
    if (attempts.empty())
      return UsageError("there is no exporter '" + request_.choice.exporter + "' for " +
                            frameworks::Describe(source_.kind),
                        "leave --exporter out: those that there are get tried in order");
    for (const ImportAttempt& attempt : attempts) {
      const auto start = std::chrono::steady_clock::now();
      tools_.sink->Note("exporting " + source_.name() + ": " + Describe(attempt));
      const Status tried = Try(attempt);
      EDGEOPT_CHECK_OK(Remember(attempt, tried, start));
      if (tried.ok()) return Done(attempt);
    }
    return NothingServes();
  }

 private:
  Status OpenWorker() {
    EDGEOPT_TRY(auto worker, StartFramework(tools_.agents, source_, request_.python));
    KeepLog();
    worker_ = std::move(worker);
    const int threads = std::max(1, worker_->hello().machine.usable_cpus);
    EDGEOPT_CHECK_OK(
        worker_->Load(source_.name(), frameworks::LoadOptionsFor(source_.framework(), threads)));
    // After Load: TensorFlow takes a number of threads only before it does anything.
    EDGEOPT_TRY(description_, frameworks::Describe(*worker_));
    imported_.version = worker_->runtime().version;
    warnings_ = description_.warnings;
    oracle_.reset();
    return OkStatus();
  }

  // Called when nothing more is asked of the worker.
  void KeepLog() {
    if (worker_ == nullptr) return;
    if (const fs::path log = worker_->error_log(); !log.empty()) logs_.push_back(log);
  }

  // Beside the model, for the run that goes on with it. Best effort, as all of a log.
  void CopyLogs() const {
    std::error_code ec;
    const fs::path folder = folder_.parent_path() / kRunLogs;
    if (!logs_.empty()) fs::create_directories(folder, ec);
    for (const fs::path& log : logs_) fs::copy_file(log, folder / log.filename(), ec);
  }

  // The fixed sizes are those of the first inputs that the model was verified on.
  Status FixSizes() {
    EDGEOPT_CHECK_OK(OpenOracle());
    source_.inputs.clear();
    for (const ir::Tensor& input : oracle_->inputs().front())
      source_.inputs.push_back({input.name, input.type(), input.dims()});
    return OpenWorker();
  }

  Status Try(const ImportAttempt& attempt) {
    difference_start_ = nullptr;
    if (worker_ != nullptr && !worker_->usable()) EDGEOPT_CHECK_OK(OpenWorker());
    if (attempt.fixed) EDGEOPT_CHECK_OK(FixSizes());
    std::error_code ec;
    fs::remove_all(folder_, ec);
    fs::create_directories(folder_, ec);
    if (ec) return CantWrite("can't make '" + folder_.string() + "': " + ec.message());
    file_ = folder_ / (request_.to_tflite ? "model.tflite" : "model.onnx");
    EDGEOPT_CHECK_OK(attempt.way == "natively" ? ReadNatively() : ExportInWorker(attempt));
    if (attempt.simplified) EDGEOPT_CHECK_OK(SimplifyFile());
    EDGEOPT_CHECK_OK(CheckModelFile(file_));
    return request_.unverified ? OkStatus() : Verify();
  }

  Status ReadNatively() {
    EDGEOPT_TRY(const ir::Model model, formats::pt2::ReadPt2(source_.path));
    return formats::WriteOnnx(model, file_);
  }

  Status ExportInWorker(const ImportAttempt& attempt) {
    frameworks::ExportRequest request;
    request.format = request_.to_tflite ? "tflite" : "onnx";
    request.output = file_;
    request.exporter = attempt.way;
    request.opset = attempt.opset;
    if (!attempt.fixed) request.dynamic_axes = description_.dynamic;
    EDGEOPT_TRY(const frameworks::Exported exported,
                frameworks::Export(*worker_, request, tools_.sink));
    warnings_.insert(warnings_.end(), exported.warnings.begin(), exported.warnings.end());
    return OkStatus();
  }

  Status SimplifyFile() {
    EDGEOPT_TRY(const auto runtime, tools_.onnxruntime());
    EDGEOPT_TRY(const ir::Model model, formats::ReadOnnx(file_));
    EDGEOPT_TRY(const Simplified simplified,
                Simplify(model, {}, *runtime, *tools_.sink, tools_.agents.cancel));
    return formats::WriteOnnx(simplified.model, file_);
  }

  Status OpenOracle() {
    if (oracle_) return OkStatus();
    const auto session = measure::AsSession(*worker_);
    OracleInputs verification{kRandomSamples, nullptr, 0};
    ImportSamples samples;
    if (request_.samples) {
      EDGEOPT_TRY(samples, request_.samples(session->inputs()));
      if (samples.count > 0) verification.data = &samples.source;
      verification.data_samples = samples.count;
    }
    EDGEOPT_TRY(Oracle oracle, Oracle::Make(*session, verification));
    if (const Status& random = oracle.random_error(); !random.ok()) {
      if (oracle.data_samples() == 0)
        return BadInput("no random inputs fit '" + source_.name() +
                            "', so its export can't be verified: " + random.error().message,
                        "give data, or sizes with --shape");
      tools_.sink->Warn("random inputs can't verify the export: " + random.error().message);
    }
    oracle_ = std::move(oracle);
    return OkStatus();
  }

  Result<std::vector<OutputDifference>> Compare() {
    EDGEOPT_CHECK_OK(OpenOracle());
    EDGEOPT_TRY(const auto client, tools_.agents.Load(file_, 1, /*spin=*/false));
    const auto session = measure::AsSession(*client), framework = measure::AsSession(*worker_);
    EDGEOPT_TRY(const auto matched, MatchedTo(*session, *framework));
    EDGEOPT_TRY(auto differences, oracle_->Compare(*matched));
    EDGEOPT_CHECK_OK(client->Shutdown());
    return differences;
  }

  Status Verify() {
    EDGEOPT_TRY(const auto differences, Compare());
    imported_.verified = ToJson(*oracle_, differences);
    const Status equal = WithinTolerance(differences, kExportTolerance);
    if (equal.ok()) return equal;
    std::string message =
        "what was exported does not compute what the framework does: " + equal.error().message;
    // That it differs is what counts, whether or not it can be told where.
    const auto start = FindStart(differences);
    if (start.ok()) {
      difference_start_ = ToJson(*start);
      message += "; " + start->ToString();
    } else if (start.error().code == ErrorCode::kInterrupted) {
      return start.error();
    } else {
      tools_.sink->Note("where it differs is not known: " + start.error().message);
    }
    return GateFailed(message);
  }

  // On the inputs where the first output that is outside of the tolerance is farthest from it.
  Result<DifferenceStart> FindStart(const std::vector<OutputDifference>& differences) {
    const auto outside = std::ranges::find_if(differences, [](const OutputDifference& output) {
      return !WithinTolerance({output}, kExportTolerance).ok();
    });
    const std::vector<ir::Tensor>& sample = oracle_->inputs()[outside->worst];
    tools_.sink->Note("looking for where the difference starts");
    EDGEOPT_TRY(const auto inside, frameworks::SeeInside(*worker_, sample, kMaxInsideBytes));
    return FindDifferenceStart(
        inside,
        [&](const TakeFileValue& take) {
          return ForEachInside(file_, tools_.agents, worker_->model().inputs, sample, take);
        },
        kExportTolerance);
  }

  Status Remember(const ImportAttempt& attempt, const Status& tried,
                  std::chrono::steady_clock::time_point start) {
    json told = ToJson(attempt);
    told["seconds"] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    told["result"] = tried.ok() ? "taken" : tried.error().ToString();
    if (!difference_start_.is_null()) told["difference_starts"] = std::move(difference_start_);
    attempts_.push_back(std::move(told));
    if (tried.ok()) return OkStatus();
    if (EndsImport(tried.error())) return tried;
    if (tried.error().code == ErrorCode::kGateFailed) differs_ = true;
    problems_ += "; " + Describe(attempt) + ": " + tried.error().message;
    tools_.sink->Note(Describe(attempt) + ": " + tried.error().message);
    return OkStatus();
  }

  Result<ImportedFile> NothingServes() {
    const std::string what = "'" + source_.name() + "' could not be exported" + problems_;
    KeepLog();
    const std::string logs =
        logs_.empty() ? "" : "; what the framework said is in '" + logs_.back().string() + "'";
    if (differs_)
      return GateFailed(what,
                        "check that the model is in eval mode and deterministic; --shape fixes "
                        "sizes, --opset and --exporter choose other ways" +
                            logs);
    return Unsupported(what, "export it to ONNX yourself and give that file" + logs);
  }

  Result<ImportedFile> Done(const ImportAttempt& attempt) {
    imported_.framework = frameworks::Name(source_.framework());
    imported_.source = frameworks::ToJson(source_);
    imported_.python = request_.python;
    imported_.model = "source/" + file_.filename().string();
    imported_.way = attempt.way == "natively" ? attempt.way : "by " + Describe(attempt);
    imported_.attempts = attempts_;
    EDGEOPT_TRY(imported_.sha256, Sha256File(file_));
    EDGEOPT_TRY(imported_.size_bytes, BytesIn(folder_));
    if (worker_ != nullptr && worker_->usable()) EDGEOPT_CHECK_OK(worker_->Shutdown());
    KeepLog();
    CopyLogs();
    return ImportedFile{imported_, file_, warnings_};
  }

  const ImportRequest& request_;
  const ImportTools& tools_;
  frameworks::Source source_;
  fs::path folder_, file_;
  std::unique_ptr<AgentClient> worker_;
  frameworks::Description description_;
  bool differs_ = false;
  std::optional<Oracle> oracle_;
  report::Imported imported_;
  json attempts_ = json::array();
  json difference_start_;  // of the attempt that is tried; null: not known
  std::string problems_;
  std::vector<std::string> warnings_;
  std::vector<fs::path> logs_;  // of the workers that KeepLog was called for
};

}  // namespace

Result<ImportedFile> ImportSource(const ImportRequest& request, const fs::path& folder,
                                  const ImportTools& tools) {
  return Import(request, folder, tools).Run();
}

}  // namespace edgeopt::pipeline
