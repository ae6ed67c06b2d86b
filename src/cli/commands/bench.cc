// edgeopt bench MODEL [--against OTHER ...]
#include <memory>

#include "base/file.h"
#include "cli/agents.h"
#include "cli/command.h"
#include "cli/conditions.h"
#include "cli/duration.h"
#include "cli/output_option.h"
#include "cli/sustained_text.h"
#include "cli/table.h"
#include "measure/interleaved.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using measure::BenchResult;
using nlohmann::json;

struct Options {
  std::string model;
  std::vector<std::string> against;
  SessionArguments session;
  HostArguments host;
  ConditionArguments conditions;
  int64_t runs = 100;
  double seconds = 1;
  std::string sustained, plot;
  DataOptions data;
};

// More would not fit into one answer of the agent.
constexpr int64_t kMostRuns = 1'000'000;

std::string Milliseconds(double us) { return report::Number(us / 1000); }

std::string WithInterval(const measure::LatencyPercentile& percentile) {
  return Milliseconds(percentile.value_us) + " (" + Milliseconds(percentile.interval.low) + " to " +
         Milliseconds(percentile.interval.high) + ")";
}

json Document(const std::string& model, const BenchResult& result,
              const measure::MemoryUsage* memory) {
  json row = measure::ToJson(result.latency);
  row["model"] = model;
  row["threads"] = result.threads;
  row["load_ms"] = result.load_ms;
  row["generated_inputs"] = result.generated_inputs;
  row["remarks"] = result.remarks;
  row["warm_up_runs"] = result.timings.warm_up_runs;
  if (memory != nullptr)
    row["memory"] = {{"peak_bytes", memory->peak_bytes},
                     {"empty_process_bytes", memory->empty_bytes},
                     {"peak_above_empty_bytes", memory->above_empty_bytes()}};
  return row;
}

std::vector<std::string> Row(const json& document, const BenchResult& result) {
  const auto& latency = result.latency;
  const json memory = document.value("memory", json());
  return {document["model"],
          WithInterval(latency.p50),
          Milliseconds(latency.p90.value_us),
          WithInterval(latency.p95),
          WithInterval(latency.p99),
          std::to_string(latency.runs),
          report::Number(latency.runs_per_s),
          report::Number(result.load_ms),
          memory.is_null() ? "unmeasured"
                           : report::Megabytes(memory["peak_above_empty_bytes"].get<int64_t>()),
          std::to_string(result.threads)};
}

struct Bench {
  pipeline::AgentStarter agents;
  Conditions conditions;
  std::vector<std::unique_ptr<measure::AgentClient>> clients;
  std::vector<BenchResult> results;
  std::vector<RatioEstimate> speedups;
};

// An ONNX model and its TFLite form may want their axes in another order; the work is the same.
bool SameInputs(const BenchInputs& a, const BenchInputs& b) {
  return a.text == b.text || (a.generated && b.generated && a.elements == b.elements);
}

Status CheckSustained(const Options& options) {
  if (!options.plot.empty() && options.sustained.empty())
    return UsageError("--plot is for --sustained", "add --sustained 5m");
  if (!options.sustained.empty() && !options.against.empty())
    return UsageError("--sustained is for one model alone: taking turns, none is under load",
                      "run bench once for each model");
  if (!options.sustained.empty()) EDGEOPT_CHECK_OK(ParseDuration(options.sustained, "--sustained"));
  return options.plot.empty() ? OkStatus() : CheckOutput(options.plot, false, options.model);
}

double SecondsOf(const measure::Timings& timings) {
  double seconds = 0;
  for (const int64_t latency : timings.latencies_ns) seconds += static_cast<double>(latency) * 1e-9;
  return seconds;
}

// One answer of the agent holds so many runs at most: very fast models take several.
Result<BenchResult> MeasureSustained(double seconds, measure::BenchPlan plan,
                                     measure::AgentClient& client, Context& context) {
  plan.max_runs = std::max(plan.min_runs, kMostRuns);
  plan.min_seconds = seconds;
  EDGEOPT_TRY(measure::Timings timings, client.Time(plan, context.sink));
  plan.warm_up = {0, 0, 0, 1};
  plan.min_runs = 1;
  while ((plan.min_seconds = seconds - SecondsOf(timings)) > 0) {
    EDGEOPT_TRY(const measure::Timings more, client.Time(plan, context.sink));
    timings.latencies_ns.insert(timings.latencies_ns.end(), more.latencies_ns.begin(),
                                more.latencies_ns.end());
  }
  return client.Describe(std::move(timings));
}

Result<BenchResult> MeasureOne(const Options& options, measure::AgentClient& client,
                               Context& context) {
  measure::BenchPlan plan;
  plan.min_runs = std::max<int64_t>(100, options.runs);
  plan.min_seconds = options.seconds;
  if (options.sustained.empty()) return client.Bench(plan, context.sink);
  EDGEOPT_TRY(const double seconds, ParseDuration(options.sustained, "--sustained"));
  return MeasureSustained(seconds, plan, client, context);
}

Result<Bench> Measure(const Options& options, Context& context, std::string& inputs) {
  EDGEOPT_CHECK_OK(CheckSustained(options));
  std::vector<std::string> models = {options.model};
  models.insert(models.end(), options.against.begin(), options.against.end());
  EDGEOPT_CHECK_OK(CheckSessionOptions(options.session, models));
  Bench bench;
  EDGEOPT_TRY(bench.agents, OpenAgents(context, options.host));
  BenchInputs first;
  std::vector<measure::AgentClient*> clients;
  for (const std::string& model : models) {
    EDGEOPT_TRY(auto client, LoadInAgent(bench.agents, model, options.session));
    EDGEOPT_TRY(BenchInputs given, SetBenchInputs(*client, options.data));
    if (!clients.empty() && !SameInputs(first, given))
      return BadInput("'" + model + "' would be timed on " + given.text + ", '" + options.model +
                          "' on " + first.text,
                      "give inputs that both take with --data");
    if (clients.empty()) first = std::move(given);
    clients.push_back(client.get());
    bench.clients.push_back(std::move(client));
  }
  inputs = first.text;
  EDGEOPT_TRY(bench.conditions, BeginConditions(*clients[0], options.conditions, context));
  if (clients.size() == 1) {
    EDGEOPT_TRY(auto result, MeasureOne(options, *clients[0], context));
    bench.results.push_back(std::move(result));
    EDGEOPT_CHECK_OK(EndConditions(*clients[0], bench.conditions));
    return bench;
  }
  measure::InterleavedPlan plan;
  plan.min_runs = std::max<int64_t>(100, options.runs);
  plan.min_seconds = options.seconds;
  EDGEOPT_TRY(auto result, measure::BenchInterleaved(clients, plan, context.sink));
  bench.results = std::move(result.models);
  bench.speedups = std::move(result.speedups);
  EDGEOPT_CHECK_OK(EndConditions(*clients[0], bench.conditions));
  return bench;
}

// What the sensors say of the whole measurement; of a sustained one also how it went.
Status AddConditions(const Bench& bench, const Options& options, std::string& text,
                     json& document) {
  document["conditions"] = ToJson(bench.conditions, options.conditions);
  if (options.sustained.empty()) {
    const auto throttled =
        hardware::ThrottlingReasons(bench.conditions.telemetry, bench.conditions.locked, {});
    document["conditions"]["throttled"] = throttled;
    for (const std::string& reason : throttled) text += "Throttled: " + reason + "\n";
    return OkStatus();
  }
  const measure::SustainedLoad load = measure::DescribeSustained(
      bench.results[0].timings, bench.conditions.telemetry, bench.conditions.locked);
  document["conditions"]["throttled"] = load.throttled;
  document["models"][0]["sustained"] = measure::ToJson(load);
  text += SustainedText(load);
  if (options.plot.empty()) return OkStatus();
  return WriteFile(options.plot, SustainedPlot(load, options.model), Overwrite::kRefuse);
}

Result<Answer> Execute(const Options& options, Context& context) {
  std::string inputs;
  EDGEOPT_TRY(const Bench bench, Measure(options, context, inputs));
  WarnAboutMachine(context, *bench.clients[0], bench.results[0].threads);
  json document = {{"inputs", inputs},
                   {"machine", measure::ToJson(bench.clients[0]->hello().machine)}};
  std::vector<std::vector<std::string>> rows;
  std::string speedups, remarks;
  for (size_t i = 0; i < bench.results.size(); ++i) {
    const std::string& model = i == 0 ? options.model : options.against[i - 1];
    const auto memory = bench.clients[i]->Memory();
    json row = Document(model, bench.results[i], memory.ok() ? &*memory : nullptr);
    rows.push_back(Row(row, bench.results[i]));
    if (i > 0) {
      const RatioEstimate& speedup = bench.speedups[i];
      row["speedup"] = {
          {"ratio", speedup.ratio}, {"low", speedup.interval.low}, {"high", speedup.interval.high}};
      speedups += "  " + model + " is " + report::Number(speedup.ratio) + " times as fast (" +
                  report::Range(speedup.interval) + ") as " + options.model + "\n";
    }
    for (const std::string& remark : bench.results[i].remarks)
      remarks += "  " + model + ": " + remark + "\n";
    document["models"].push_back(std::move(row));
  }
  std::string text =
      "Latency in ms with 95 % intervals, on " + inputs + "\n" +
      Table({"model", "p50", "p90", "p95", "p99", "runs", "per s", "load", "peak MB", "threads"},
            rows) +
      speedups + remarks;
  EDGEOPT_CHECK_OK(AddConditions(bench, options, text, document));
  AddHost(bench.agents, bench.clients[0]->hello(), text, document);
  return Answer{text, document, {}};
}

}  // namespace

Command bench() {
  return {
      "bench", "Measure latency and memory, each model in its own process", Group::kMeasure,
      [](Parser& parser) -> Run {
        auto options = std::make_shared<Options>();
        parser.Add("model", options->model, "the model").Required();
        parser.Add("--against", options->against, "time these in turns with it").TypeName("MODEL");
        AddSessionOptions(parser, options->session);
        AddHostOptions(parser, options->host);
        parser.Add("--runs", options->runs, "at least so many, 100 or more").Positive();
        parser.Add("--seconds", options->seconds, "and at least so long").Positive();
        parser.Add("--sustained", options->sustained, "as long as that, to see it warm up: 5m")
            .TypeName("TIME")
            .WithoutDefault();
        parser.Add("--plot", options->plot, "draw that as SVG").TypeName("FILE").WithoutDefault();
        AddConditionOptions(parser, options->conditions);
        AddDataOptions(parser, options->data, "--data", "take inputs from this data set", false,
                       false);
        return [options](Context& context) { return Execute(*options, context); };
      },
      "  edgeopt bench model.onnx --against model_int8.onnx"};
}

}  // namespace edgeopt::cli
