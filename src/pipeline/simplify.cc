#include "pipeline/simplify.h"

#include <future>
#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "passes/manager.h"
#include "passes/pipelines.h"
#include "pipeline/pass_context.h"
#include "pipeline/readable_versions.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;

Result<std::unique_ptr<runtimes::Session>> Load(runtimes::Runtime& runtime,
                                                const ir::Model& model) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  return runtime.LoadBytes(std::as_bytes(std::span(bytes)), {});
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

// As the oracle's Check, of floats within kFoldingTolerance.
Status Check(const Oracle& oracle, runtimes::Session& variant) {
  EDGEOPT_TRY(const auto differences, oracle.Compare(variant));
  return WithinTolerance(differences, kFoldingTolerance);
}

class Simplifier {
 public:
  Simplifier(const ir::Model& model, const SimplifyOptions& options, runtimes::Runtime& runtime,
             Sink& sink, const CancelToken* cancel)
      : original_(model), options_(options), runtime_(runtime), sink_(sink), cancel_(cancel) {}

  Result<Simplified> Run() {
    EDGEOPT_TRY(original_, InReadableVersions(original_, [this](auto text) { Warn(text); }));
    // The original is loaded and run while the passes are at work.
    std::future<Result<Oracle>> made;
    if (options_.verify)
      made = std::async(std::launch::async, [this]() -> Result<Oracle> {
        EDGEOPT_TRY(const auto session, Load(runtime_, original_));
        return Oracle::Make(*session, options_.verification);
      });
    EDGEOPT_TRY(passes::RunReport run, RunPasses({}));
    json verified = {{"random_samples", 0}, {"data_samples", 0}};
    if (options_.verify) {
      EDGEOPT_TRY(const auto session, Load(runtime_, result_.model));
      EDGEOPT_TRY(const Oracle oracle, made.get());
      if (!oracle.random_error().ok())
        Warn("random inputs can't verify this model: " + oracle.random_error().error().message);
      const Status equal = Check(oracle, *session);
      if (!equal.ok()) {
        Warn("the simplified model " + equal.error().message + "; looking for the pass");
        EDGEOPT_TRY(run, RunPasses([&](const ir::Model&, const ir::Model& after) -> Status {
                      EDGEOPT_TRY(const auto variant, Load(runtime_, after));
                      return Check(oracle, *variant);
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
    return passes::Run(result_.model, passes::Simplify(), PassContext(runtime_), manager);
  }

  void NameRejected(const passes::RunReport& run) {
    for (const passes::PassReport& pass : run.passes)
      if (!pass.error.empty()) Warn("left out " + pass.name + ": " + pass.error);
  }

  void Warn(std::string text) {
    sink_.Warn(text);
    result_.warnings.push_back(std::move(text));
  }

  ir::Model original_;
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
