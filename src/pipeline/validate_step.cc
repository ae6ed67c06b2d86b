// ValidateStep: a variant's score on the user's data, and its paired test against the baseline's.
#include <algorithm>
#include <cmath>
#include <thread>

#include "pipeline/evaluate.h"
#include "pipeline/float_io.h"
#include "pipeline/matched_session.h"
#include "pipeline/measure_step.h"
#include "pipeline/run_data.h"
#include "pipeline/score_file.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using report::Record;
using report::Step;

namespace {

Result<FloatModel> LoadAsFloat(const Record& record, const Step& step, const fs::path& work,
                               const AgentStarter& agents) {
  EDGEOPT_TRY(auto client, LoadStep(agents, record, step, work, /*spin=*/false));
  const Integers inputs = IntegersOf(client->model().inputs);
  return AsFloat(std::move(client), inputs);
}

}  // namespace

Result<Validated> ValidateStep(const Record& record, const Step& step, const fs::path& work,
                               const AgentStarter& agents, Sink& sink, const CancelToken* cancel) {
  const bool is_baseline = &step == record.baseline() || step.id == record.baseline()->id;
  EDGEOPT_TRY(const FloatModel model, LoadAsFloat(record, step, work, agents));
  const auto& session = model.session;
  FloatModel baseline_model;
  std::unique_ptr<runtimes::Session> reference;
  if (!record.metric_needs_labels && !is_baseline) {
    EDGEOPT_TRY(baseline_model, LoadAsFloat(record, *record.baseline(), work, agents));
    EDGEOPT_TRY(reference, MatchedTo(*baseline_model.session, *session));
  }
  EDGEOPT_TRY(const DatasetPtr data,
              OpenValidation(record, AtAskedSizes(record, InputSpecsOf(session->inputs())),
                             PreprocessingOf(record, step, work)));
  EvaluateOptions options;
  options.metric = record.metric;
  options.metric_parameters = record.metric_parameters;
  options.decode_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.label = "validate '" + step.id + "'";
  options.sink = &sink;
  options.cancel = cancel;
  runtimes::Session* baseline = record.metric_needs_labels ? nullptr
                                : is_baseline              ? session.get()
                                                           : reference.get();
  EDGEOPT_TRY(const Evaluated evaluated, Evaluate(*session, baseline, *data, options));
  if (!std::isfinite(evaluated.score.value))
    return BadInput("the " + record.metric + " of '" + step.id + "' is not finite",
                    is_baseline ? "choose a metric with a finite best value, such as cosine" : "");

  std::error_code ec;
  fs::create_directories(work / "scores", ec);
  EDGEOPT_CHECK_OK(WriteScore(work / "scores" / (step.id + ".json"), evaluated.score));
  if (is_baseline) return Validated{ToAccuracy(evaluated.score, nullptr), {}};
  EDGEOPT_TRY(const metrics::Score before,
              ReadScore(work / "scores" / (record.baseline()->id + ".json")));
  return Validated{ToAccuracy(evaluated.score, &before), {}};
}

}  // namespace edgeopt::pipeline
