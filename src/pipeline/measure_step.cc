#include "pipeline/measure_step.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "measure/interleaved.h"
#include "ops/cost.h"
#include "pipeline/bottleneck.h"
#include "pipeline/evaluate.h"
#include "pipeline/half_size.h"
#include "pipeline/run_data.h"
#include "pipeline/score_file.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using measure::AgentClient;
using report::Record;
using report::Step;

namespace {

// Real inputs for timing, taken in turns: enough that data-dependent branches are all seen.
constexpr int64_t kTimingSamples = 8;

using AgentPtr = std::unique_ptr<AgentClient>;

Result<std::vector<std::vector<ir::Tensor>>> TimingInputs(
    const Record& record, const std::vector<data::InputSpec>& specs) {
  EDGEOPT_TRY(const DatasetPtr data, OpenValidation(record, specs));
  std::vector<std::vector<ir::Tensor>> samples;
  const int64_t count = std::min(kTimingSamples, data->size());
  for (int64_t i = 0; i < count; ++i) {
    EDGEOPT_TRY(const data::Sample sample, data->Load(i * data->size() / count));
    EDGEOPT_TRY(auto inputs, data::ModelInputs(sample, specs));
    samples.push_back(std::move(inputs));
  }
  return samples;
}

Result<AgentPtr> LoadForTiming(const Record& record, const Step& step, const fs::path& work,
                               const AgentStarter& agents) {
  EDGEOPT_TRY(AgentPtr client, agents.Load(InWork(work, step.output), record.threads));
  EDGEOPT_TRY(const auto samples, TimingInputs(record, InputSpecsOf(client->model().inputs)));
  EDGEOPT_CHECK_OK(client->SetInputs(samples));
  return client;
}

double Ms(double us) { return us / 1e3; }

Interval MsInterval(Interval interval) {
  interval.low = Ms(interval.low);
  interval.high = Ms(interval.high);
  return interval;
}

report::Latency ToLatency(const measure::BenchResult& bench,
                          const Result<measure::MemoryUsage>& memory) {
  const measure::LatencySummary& summary = bench.latency;
  report::Latency latency;
  latency.p50_ms = Ms(summary.p50.value_us);
  latency.p90_ms = Ms(summary.p90.value_us);
  latency.p95_ms = Ms(summary.p95.value_us);
  latency.p99_ms = Ms(summary.p99.value_us);
  latency.mean_ms = Ms(summary.mean_us);
  latency.p50_interval = MsInterval(summary.p50.interval);
  latency.p95_interval = MsInterval(summary.p95.interval);
  latency.p99_interval = MsInterval(summary.p99.interval);
  latency.samples = summary.runs;
  latency.throughput_per_s = summary.runs_per_s;
  latency.load_ms = bench.load_ms;
  latency.threads = bench.threads;
  if (memory.ok()) latency.peak_memory_bytes = memory->above_empty_bytes();
  return latency;
}

report::Speedup ToSpeedup(const RatioEstimate& estimate) {
  return {estimate.ratio, estimate.interval};
}

Result<HalfSizeResult> MeasureHalf(const Record& record, const Step& best, const fs::path& work,
                                   const AgentStarter& agents, Sink& sink) {
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(InWork(work, best.output)));
  EDGEOPT_TRY(const AgentPtr whole, agents.Load(InWork(work, best.output), record.threads));
  EDGEOPT_TRY(const auto samples, TimingInputs(record, InputSpecsOf(whole->model().inputs)));
  std::vector<ir::Dims> dims;
  for (const ir::Tensor& input : samples.front()) dims.push_back(input.dims());
  EDGEOPT_TRY(const HalfSize half, AtHalfSize(model, dims));
  HalfSizeResult result{half.height, half.width, ops::Analyze(half.model).macs, {}, 0, ""};

  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  EDGEOPT_CHECK_OK(formats::WriteOnnx(half.model, folder.path() / "half.onnx"));
  EDGEOPT_TRY(const AgentPtr client, agents.Load(folder.path() / "half.onnx", record.threads));
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < half.dims.size(); ++i) {
    // Values do not matter for the time, except where they index: zeros are safe.
    inputs.push_back(ir::Tensor::Zeros(samples.front()[i].type(), half.dims[i]));
    inputs.back().name = samples.front()[i].name;
  }
  EDGEOPT_CHECK_OK(client->SetInputs({inputs}));
  EDGEOPT_TRY(const measure::BenchResult bench, client->Bench({}, &sink));
  result.p50_ms = Ms(bench.latency.p50.value_us);
  result.runs = bench.latency.runs;
  return result;
}

}  // namespace

Result<Measured> MeasureStep(const Record& record, const Step& step, const Step* best,
                             const fs::path& work, const AgentStarter& agents, Sink& sink) {
  EDGEOPT_TRY(const AgentPtr client, LoadForTiming(record, step, work, agents));
  Measured measured;
  measured.machine = measure::ToJson(client->hello().machine);
  if (best == nullptr) {
    EDGEOPT_TRY(const measure::BenchResult bench, client->Bench({}, &sink));
    measured.latency = ToLatency(bench, client->Memory());
    measured.warnings = bench.remarks;
    for (const auto& warning : measure::MachineWarnings(client->hello().machine, record.threads))
      measured.warnings.push_back(warning.text + "; " + warning.remedy);
    return measured;
  }
  const auto against = [&](const Step& other) -> Result<measure::InterleavedResult> {
    EDGEOPT_TRY(const AgentPtr reference, LoadForTiming(record, other, work, agents));
    AgentClient* const clients[] = {reference.get(), client.get()};
    EDGEOPT_TRY(auto result, measure::BenchInterleaved(clients, {}, &sink));
    if (&other == record.baseline())
      measured.baseline_alongside = ToLatency(result.models[0], reference->Memory());
    return result;
  };
  EDGEOPT_TRY(const auto with_baseline, against(*record.baseline()));
  measured.latency = ToLatency(with_baseline.models[1], client->Memory());
  measured.warnings = with_baseline.models[1].remarks;
  measured.vs_baseline = measured.vs_best = ToSpeedup(with_baseline.speedups[1]);
  if (best != record.baseline()) {
    EDGEOPT_TRY(const auto with_best, against(*best));
    measured.vs_best = ToSpeedup(with_best.speedups[1]);
  }
  return measured;
}

Result<Validated> ValidateStep(const Record& record, const Step& step, const fs::path& work,
                               const AgentStarter& agents, Sink& sink, const CancelToken* cancel) {
  const bool is_baseline = &step == record.baseline() || step.id == record.baseline()->id;
  EDGEOPT_TRY(const AgentPtr client,
              agents.Load(InWork(work, step.output), record.threads, /*spin=*/false));
  const auto session = measure::AsSession(*client);
  AgentPtr reference_client;
  std::unique_ptr<runtimes::Session> reference;
  if (!record.metric_needs_labels && !is_baseline) {
    EDGEOPT_TRY(reference_client, agents.Load(InWork(work, record.baseline()->output),
                                              record.threads, /*spin=*/false));
    reference = measure::AsSession(*reference_client);
  }
  EDGEOPT_TRY(const DatasetPtr data, OpenValidation(record, InputSpecsOf(session->inputs())));
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

Result<report::Bottleneck> FindBottleneck(const Record& record, const fs::path& work,
                                          const AgentStarter& agents, Sink& sink) {
  const Step& best = *record.best();
  EDGEOPT_TRY(const AgentPtr client, LoadForTiming(record, best, work, agents));
  EDGEOPT_TRY(const measure::Profile profile, client->ProfileOperators(20, &sink));
  BottleneckFacts facts;
  facts.p50_ms = best.latency->p50_ms;
  facts.target_ms = record.latency_target_ms.value_or(facts.p50_ms);
  facts.macs = record.model_facts.value("macs", int64_t{0});
  facts.threads = record.threads;
  facts.usable_cpus = std::max(1, client->hello().machine.usable_cpus);
  const auto half = MeasureHalf(record, best, work, agents, sink);
  facts.half = half.ok() ? *half : HalfSizeResult{0, 0, 0, {}, 0, half.error().message};
  return Explain(profile, facts);
}

}  // namespace edgeopt::pipeline
