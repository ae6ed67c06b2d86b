#include "pipeline/simplify.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <nlohmann/json.hpp>

#include "data/generated.h"
#include "formats/onnx/onnx.h"
#include "passes/manager.h"
#include "passes/pipelines.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using nlohmann::json;

// Folding a BatchNorm or reassociating sums changes float results by a few units in the last place
// per layer; 1e-4 of the range leaves room for a hundred layers and is far below any accuracy
// effect.
constexpr double kTolerance = 1e-4;

Result<std::unique_ptr<runtimes::Session>> Load(runtimes::Runtime& runtime,
                                                const ir::Model& model) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  return runtime.LoadBytes(std::as_bytes(std::span(bytes)), {});
}

Status CompareFloats(const Tensor& expected, const Tensor& found) {
  EDGEOPT_TRY(const std::vector<double> a, expected.ToDoubles());
  EDGEOPT_TRY(const std::vector<double> b, found.ToDoubles());
  double largest = 0, worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i]) continue;  // equal infinities
    if (std::isfinite(a[i])) largest = std::max(largest, std::fabs(a[i]));
    const double difference = std::fabs(a[i] - b[i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  for (const double value : a)
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  if (worst <= kTolerance * std::max(largest, 1e-6)) return OkStatus();
  return BadInput("output '" + expected.name + "' differs by " + std::to_string(worst) +
                  ", its range is " + std::to_string(largest));
}

Status CompareOutputs(const std::vector<Tensor>& expected, const std::vector<Tensor>& found) {
  if (expected.size() != found.size()) return BadInput("the number of outputs changed");
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].type() != found[i].type() || expected[i].dims() != found[i].dims())
      return BadInput("output '" + expected[i].name + "' changed its type or shape");
    if (ir::IsFloatingPoint(expected[i].type()))
      EDGEOPT_CHECK_OK(CompareFloats(expected[i], found[i]));
    else if (!(expected[i] == found[i]))
      return BadInput("output '" + expected[i].name + "' changed");
  }
  return OkStatus();
}

// Inputs and the original's outputs, kept for every comparison.
class Oracle {
 public:
  static Result<Oracle> Make(const ir::Model& model, const SimplifyOptions& options,
                             runtimes::Runtime& runtime) {
    Oracle oracle;
    EDGEOPT_TRY(const auto session, Load(runtime, model));
    for (int64_t i = 0; options.data != nullptr && i < options.data_samples; ++i) {
      EDGEOPT_TRY(auto inputs, (*options.data)(i));
      EDGEOPT_CHECK_OK(oracle.Add(*session, std::move(inputs)));
      ++oracle.data_samples_;
    }
    oracle.random_error_ = oracle.AddRandom(options.random_samples, *session);
    return oracle;
  }

  Status Check(runtimes::Session& variant) const {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      EDGEOPT_TRY(const auto outputs, variant.Run(inputs_[i]));
      EDGEOPT_CHECK_OK(CompareOutputs(expected_[i], outputs));
    }
    return OkStatus();
  }

  int64_t data_samples() const { return data_samples_; }
  int64_t random_samples() const { return static_cast<int64_t>(inputs_.size()) - data_samples_; }
  const Status& random_error() const { return random_error_; }

 private:
  Status Add(runtimes::Session& session, std::vector<Tensor> inputs) {
    EDGEOPT_TRY(auto outputs, session.Run(inputs));
    inputs_.push_back(std::move(inputs));
    expected_.push_back(std::move(outputs));
    return OkStatus();
  }

  Status AddRandom(int64_t samples, runtimes::Session& session) {
    EDGEOPT_TRY(const auto specs, FittingSpecs(session));
    data::GenerateOptions options;
    options.samples = samples;
    EDGEOPT_TRY(const auto dataset, data::Generate(specs, options));
    for (int64_t i = 0; i < samples; ++i) {
      EDGEOPT_TRY(const data::Sample sample, dataset->Load(i));
      EDGEOPT_TRY(auto inputs, data::ModelInputs(sample, specs));
      EDGEOPT_CHECK_OK(Add(session, std::move(inputs)));
    }
    return OkStatus();
  }

  std::vector<std::vector<Tensor>> inputs_, expected_;
  int64_t data_samples_ = 0;
  Status random_error_;
};

passes::Context MakeContext(runtimes::Runtime& runtime) {
  passes::Context context;
  context.evaluate = [&runtime](const ir::Model& model) -> Result<std::vector<Tensor>> {
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
    return runtimes::Evaluate(runtime, std::as_bytes(std::span(bytes)));
  };
  context.infer_types = formats::InferTypes;
  context.inline_functions = formats::InlineFunctions;
  return context;
}

json ReportOf(const passes::RunReport& run) {
  json rows = json::array();
  for (const passes::PassReport& pass : run.passes) {
    json row = {{"name", pass.name}, {"rewrites", pass.rewrites}, {"time_ms", pass.time_ms}};
    if (!pass.error.empty()) row["rejected"] = pass.error;
    for (const passes::Skip& skip : pass.skipped)
      row["skipped"].push_back({{"where", skip.where}, {"reason", skip.reason}});
    rows.push_back(std::move(row));
  }
  return rows;
}

class Simplifier {
 public:
  Simplifier(const ir::Model& model, const SimplifyOptions& options, runtimes::Runtime& runtime,
             Sink& sink, const CancelToken* cancel)
      : original_(model), options_(options), runtime_(runtime), sink_(sink), cancel_(cancel) {}

  Result<Simplified> Run() {
    // The original is loaded and run while the passes are at work.
    std::future<Result<Oracle>> made;
    if (options_.verify)
      made = std::async(std::launch::async,
                        [this] { return Oracle::Make(original_, options_, runtime_); });
    EDGEOPT_TRY(passes::RunReport run, RunPasses({}));
    json verified = {{"random_samples", 0}, {"data_samples", 0}};
    if (options_.verify) {
      EDGEOPT_TRY(const auto session, Load(runtime_, result_.model));
      EDGEOPT_TRY(const Oracle oracle, made.get());
      if (!oracle.random_error().ok())
        Warn("random inputs can't verify this model: " + oracle.random_error().error().message);
      const Status equal = oracle.Check(*session);
      if (!equal.ok()) {
        Warn("the simplified model " + equal.error().message + "; looking for the pass");
        EDGEOPT_TRY(run, RunPasses([&](const ir::Model&, const ir::Model& after) -> Status {
                      EDGEOPT_TRY(const auto variant, Load(runtime_, after));
                      return oracle.Check(*variant);
                    }));
        NameRejected(run);
      }
      verified = {{"random_samples", oracle.random_samples()},
                  {"data_samples", oracle.data_samples()}};
    }
    result_.report = std::make_unique<json>(json{{"nodes_before", original_.graph.node_count()},
                                                 {"nodes_after", result_.model.graph.node_count()},
                                                 {"rounds", run.rounds},
                                                 {"converged", run.converged},
                                                 {"time_ms", run.total_ms},
                                                 {"verified", verified},
                                                 {"passes", ReportOf(run)}});
    return std::move(result_);
  }

 private:
  Result<passes::RunReport> RunPasses(
      std::function<Status(const ir::Model&, const ir::Model&)> check) {
    result_.model = original_;
    passes::ManagerOptions manager;
    manager.disabled = options_.disabled;
    manager.check = std::move(check);
    manager.cancel = cancel_;
    return passes::Run(result_.model, passes::Simplify(), MakeContext(runtime_), manager);
  }

  void NameRejected(const passes::RunReport& run) {
    for (const passes::PassReport& pass : run.passes)
      if (!pass.error.empty()) Warn("left out " + pass.name + ": " + pass.error);
  }

  void Warn(std::string text) {
    sink_.Warn(text);
    result_.warnings.push_back(std::move(text));
  }

  const ir::Model& original_;
  const SimplifyOptions& options_;
  runtimes::Runtime& runtime_;
  Sink& sink_;
  const CancelToken* cancel_;
  Simplified result_;
};

}  // namespace

Result<Simplified> Simplify(const ir::Model& model, const SimplifyOptions& options,
                            runtimes::Runtime& runtime, Sink& sink, const CancelToken* cancel) {
  return Simplifier(model, options, runtime, sink, cancel).Run();
}

}  // namespace edgeopt::pipeline
