#include "pipeline/measure_step.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "measure/agent_protocol.h"
#include "measure/interleaved.h"
#include "ops/cost.h"
#include "pipeline/bottleneck.h"
#include "pipeline/evaluate.h"
#include "pipeline/float_io.h"
#include "pipeline/half_size.h"
#include "pipeline/open_model.h"
#include "pipeline/run_data.h"
#include "pipeline/samples.h"
#include "pipeline/shipping.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
using measure::AgentClient;
using report::Record;
using report::Step;

namespace {

// Real inputs for timing, taken in turns: enough that data-dependent branches are all seen.
constexpr int64_t kTimingSamples = 8;

using AgentPtr = std::unique_ptr<AgentClient>;

// What a model is timed on.
struct TimingData {
  std::vector<std::vector<ir::Tensor>> samples;
  int64_t batch = 1;  // samples of the data set in each

  // "[1, 3, 224, 224]" by name.
  nlohmann::json sizes() const {
    nlohmann::json by_name = nlohmann::json::object();
    if (samples.empty()) return by_name;
    for (const ir::Tensor& input : samples.front()) by_name[input.name] = input.dims();
    return by_name;
  }
};

// `inputs`: of the step's output.
Result<TimingData> TimingInputs(const Record& record, const Step& step, const fs::path& work,
                                const std::vector<runtimes::TensorSpec>& inputs) {
  // Data gives what quantized integers stand for.
  const Integers integers = IntegersOf(inputs);
  std::vector<data::InputSpec> specs = AtAskedSizes(record, InputSpecsOf(inputs));
  for (data::InputSpec& spec : specs)
    if (integers.contains(spec.name)) spec.type = ir::DataType::kFloat32;
  EDGEOPT_TRY(const DatasetPtr data,
              OpenValidation(record, specs, PreprocessingOf(record, step, work)));
  const SizedSamples all = SamplesFor(data, specs);
  TimingData timing;
  if (all.data != data) timing.batch = specs.front().dims.front();
  const int64_t count = std::min(kTimingSamples, all.count);
  for (int64_t i = 0; i < count; ++i) {
    EDGEOPT_TRY(auto tensors, all.source(i * all.count / count));
    timing.samples.push_back(ToIntegers(std::move(tensors), integers));
  }
  return timing;
}

// Everything that the numbers depend on besides model and machine.
nlohmann::json Settings(const Record& record, const Step& step, const AgentClient& client,
                        const TimingData& timing, const measure::WarmUp& warm_up) {
  const runtimes::SessionOptions session = measure::LoadOptions().session;
  nlohmann::json runtime = {{"name", client.runtime().name}, {"version", client.runtime().version}};
  if (!step.framework.empty()) {
    runtime["runs_on"] = "the CPU, as the framework runs it by itself";
  } else if (step.format() == "tflite") {
    runtime["kernels"] = "xnnpack";
  } else if (RunsInTensorRt(record, step)) {
    runtime.update(
        {{"executes_by", client.model().executes_by}, {"timed_as", client.model().timed_as}});
    if (const auto& dla = client.model().dla) runtime["dla"] = measure::ToJson(*dla);
  } else {
    const bool none = OptimizationOf(record, step) == runtimes::GraphOptimization::kNone;
    runtime.update({{"graph_optimization", none ? "none" : "all"},
                    {"spin", session.spin},
                    {"arena", session.arena}});
  }
  return {{"process", "its own"},
          {"threads", record.threads},
          {"runtime", std::move(runtime)},
          {"inputs", std::to_string(kTimingSamples) + " samples of the validation data, in turns"},
          {"sizes", timing.sizes()},
          {"batch", timing.batch},
          {"agent_version", client.hello().edgeopt},
          {"warm_up",
           {{"min_runs", warm_up.min_runs},
            {"min_seconds", warm_up.min_seconds},
            {"max_seconds", warm_up.max_seconds},
            {"settled_below", warm_up.tolerance}}}};
}

nlohmann::json SettingsAlone(const Record& record, const Step& step, const AgentClient& client,
                             const TimingData& timing, const measure::BenchPlan& plan) {
  nlohmann::json settings = Settings(record, step, client, timing, plan.warm_up);
  settings["method"] = "alone";
  settings["min_runs"] = plan.min_runs;
  settings["min_seconds"] = plan.min_seconds;
  return settings;
}

nlohmann::json SettingsInTurns(const Record& record, const Step& step, const AgentClient& client,
                               const TimingData& timing, const measure::InterleavedPlan& plan,
                               int64_t rounds) {
  nlohmann::json settings = Settings(record, step, client, timing, plan.warm_up);
  settings["method"] = "in turns with the baseline";
  settings["min_runs"] = plan.min_runs;
  settings["min_seconds"] = plan.min_seconds;
  settings["block_runs"] = plan.block_runs;
  settings["block_seconds"] = plan.block_seconds;
  settings["rounds"] = rounds;
  return settings;
}

double Ms(double us) { return us / 1e3; }

Interval MsInterval(Interval interval) {
  interval.low = Ms(interval.low);
  interval.high = Ms(interval.high);
  return interval;
}

// `batch`: samples per run, whose latency it is; the throughput is of samples.
report::Latency ToLatency(const measure::BenchResult& bench, int64_t batch,
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
  latency.throughput_per_s = summary.runs_per_s * static_cast<double>(batch);
  latency.load_ms = bench.load_ms;
  latency.threads = bench.threads;
  if (memory.ok()) latency.peak_memory_bytes = memory->above_empty_bytes();
  return latency;
}

report::Speedup ToSpeedup(const RatioEstimate& estimate) {
  return {estimate.ratio, estimate.interval};
}

// `sample`: the inputs at full size.
Result<measure::BenchResult> TimeHalf(const Record& record, const Step& source,
                                      const HalfSize& half, const std::vector<ir::Tensor>& sample,
                                      const AgentStarter& agents, Sink& sink) {
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  EDGEOPT_CHECK_OK(formats::WriteOnnx(half.model, folder.path() / "half.onnx"));
  EDGEOPT_TRY(const AgentPtr client, agents.Load(folder.path() / "half.onnx",
                                                 SessionOptionsOf(record, source, /*spin=*/true),
                                                 RuntimeOf(record, source)));
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < half.dims.size(); ++i) {
    // Values do not matter for the time, except where they index: zeros are safe.
    inputs.push_back(ir::Tensor::Zeros(sample[i].type(), half.dims[i]));
    inputs.back().name = sample[i].name;
  }
  EDGEOPT_CHECK_OK(client->SetInputs({inputs}));
  return client->Bench({}, &sink);
}

// nullopt for a model that takes no image. Where the halved graph does not run, multiply-adds
// alone; likewise for a TFLite variant, of whose ONNX source the half is not converted.
Result<std::optional<HalfSizeResult>> MeasureHalf(const Record& record, const Step& best,
                                                  const fs::path& work, const AgentStarter& agents,
                                                  Sink& sink) {
  const Step& source = best.format() == "onnx" ? best : *record.basis();
  if (!source.framework.empty()) return std::optional<HalfSizeResult>();
  EDGEOPT_TRY(ir::Model model, ReadModel(InWork(work, source.output)));
  EDGEOPT_TRY(const AgentPtr whole, LoadStep(agents, record, source, work));
  EDGEOPT_TRY(const TimingData timing, TimingInputs(record, source, work, whole->model().inputs));
  std::vector<ir::Dims> dims;
  for (const ir::Tensor& input : timing.samples.front()) dims.push_back(input.dims());
  if (!TakesImage(dims)) return std::optional<HalfSizeResult>();
  const auto half = AtHalfSize(model, dims);
  HalfSizeResult result;
  if (!half.ok()) {
    result.why_not = half.error().message;
    return std::optional(result);
  }
  result.height = half->height;
  result.width = half->width;
  result.macs = ops::Analyze(half->model).macs;
  if (best.format() != "onnx") {
    result.why_not = "the smaller model has to be converted first";
    return std::optional(result);
  }
  const auto timed = TimeHalf(record, source, *half, timing.samples.front(), agents, sink);
  if (timed.ok()) {
    result.p50_ms = Ms(timed->latency.p50.value_us);
    result.runs = timed->latency.runs;
  } else {
    result.why_not = timed.error().message;
  }
  return std::optional(result);
}

struct Timed {
  AgentPtr client;  // with the inputs of `data`
  TimingData data;
};

Result<Timed> LoadTimed(const Record& record, const Step& step, const fs::path& work,
                        const AgentStarter& agents) {
  Timed timed;
  EDGEOPT_TRY(timed.client, LoadStep(agents, record, step, work));
  EDGEOPT_TRY(timed.data, TimingInputs(record, step, work, timed.client->model().inputs));
  EDGEOPT_CHECK_OK(timed.client->SetInputs(timed.data.samples));
  return timed;
}

// Ends the watching that began before the step was timed.
Status TellConditions(AgentClient& client, const measure::Clocks& clocks, Measured& measured) {
  EDGEOPT_TRY(const auto telemetry, client.Watched());
  const auto throttled = hardware::ThrottlingReasons(telemetry, clocks.locked, {});
  measured.conditions = measure::SummarizeConditions(clocks, telemetry, throttled);
  for (const std::string& reason : throttled) measured.warnings.push_back("throttled: " + reason);
  return OkStatus();
}

}  // namespace

Result<AgentPtr> LoadForTiming(const Record& record, const Step& step, const fs::path& work,
                               const AgentStarter& agents) {
  EDGEOPT_TRY(Timed timed, LoadTimed(record, step, work, agents));
  return std::move(timed.client);
}

Result<Measured> MeasureStep(const Record& record, const Step& step, const Step* best,
                             const fs::path& work, const AgentStarter& agents,
                             const measure::Clocks& clocks, Sink& sink) {
  EDGEOPT_TRY(const Timed timed, LoadTimed(record, step, work, agents));
  const AgentPtr& client = timed.client;
  const int64_t batch = timed.data.batch;
  // A worker has no sensors; an agent beside it has.
  AgentPtr beside;
  if (!step.framework.empty()) {
    EDGEOPT_TRY(beside, agents.Start());
  }
  AgentClient& watcher = beside != nullptr ? *beside : *client;
  EDGEOPT_CHECK_OK(watcher.Watch());
  Measured measured;
  measured.machine = measure::ToJson(client->hello().machine);
  if (best == nullptr) {
    const measure::BenchPlan plan;
    EDGEOPT_TRY(const measure::BenchResult bench, client->Bench(plan, &sink));
    measured.settings = SettingsAlone(record, step, *client, timed.data, plan);
    measured.latency = ToLatency(bench, batch, client->Memory());
    measured.warnings = bench.remarks;
    for (const auto& warning : measure::MachineWarnings(client->hello().machine, record.threads))
      measured.warnings.push_back(warning.text + "; " + warning.remedy);
    EDGEOPT_CHECK_OK(TellConditions(watcher, clocks, measured));
    return measured;
  }
  const auto against = [&](const Step& other) -> Result<measure::InterleavedResult> {
    EDGEOPT_TRY(const AgentPtr reference, LoadForTiming(record, other, work, agents));
    AgentClient* const clients[] = {reference.get(), client.get()};
    const measure::InterleavedPlan plan;
    EDGEOPT_TRY(auto result, measure::BenchInterleaved(clients, plan, &sink));
    if (&other == record.baseline()) {
      measured.baseline_alongside = ToLatency(result.models[0], batch, reference->Memory());
      measured.settings = SettingsInTurns(record, step, *client, timed.data, plan, result.rounds);
    }
    return result;
  };
  EDGEOPT_TRY(const auto with_baseline, against(*record.baseline()));
  measured.latency = ToLatency(with_baseline.models[1], batch, client->Memory());
  measured.warnings = with_baseline.models[1].remarks;
  measured.vs_baseline = measured.vs_best = ToSpeedup(with_baseline.speedups[1]);
  if (best != record.baseline()) {
    EDGEOPT_TRY(const auto with_best, against(*best));
    measured.vs_best = ToSpeedup(with_best.speedups[1]);
  }
  EDGEOPT_CHECK_OK(TellConditions(watcher, clocks, measured));
  return measured;
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
  EDGEOPT_TRY(facts.half, MeasureHalf(record, best, work, agents, sink));
  return Explain(profile, facts);
}

}  // namespace edgeopt::pipeline
