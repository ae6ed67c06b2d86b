// edgeopt bench MODEL [--against OTHER ...]
#include <algorithm>
#include <memory>

#include "base/file.h"
#include "cli/agents.h"
#include "cli/command.h"
#include "cli/conditions.h"
#include "cli/duration.h"
#include "cli/each_host.h"
#include "cli/output_option.h"
#include "cli/sustained_text.h"
#include "cli/table.h"
#include "measure/agent_protocol.h"
#include "measure/interleaved.h"
#include "pipeline/sustain_step.h"
#include "report/sustained.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using measure::BenchResult;
using nlohmann::json;

struct Options {
  std::string model;
  std::vector<std::string> against;
  SessionArguments session;
  HostsArguments hosts;
  ConditionArguments conditions;
  int64_t runs = 100;
  double seconds = 1;
  std::string sustained, plot;
  DataOptions data;
};

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

Status CheckOptions(const Options& options) {
  EDGEOPT_CHECK_OK(CheckHosts(options.hosts));
  EDGEOPT_CHECK_OK(CheckConditions(options.conditions));
  if (!options.plot.empty() && options.hosts.hosts.size() > 1)
    return UsageError("--plot is for one host", "run bench once for each, with a FILE each");
  if (!options.plot.empty() && options.sustained.empty())
    return UsageError("--plot is for --sustained", "add --sustained 5m");
  if (!options.sustained.empty() && !options.against.empty())
    return UsageError("--sustained is for one model alone: taking turns, none is under load",
                      "run bench once for each model");
  if (!options.sustained.empty()) EDGEOPT_CHECK_OK(ParseDuration(options.sustained, "--sustained"));
  return options.plot.empty() ? OkStatus() : CheckOutput(options.plot, false, options.model);
}

Result<BenchResult> MeasureOne(const Options& options, measure::AgentClient& client,
                               Context& context) {
  measure::BenchPlan plan;
  plan.min_runs = std::max<int64_t>(100, options.runs);
  plan.max_runs = std::max(plan.max_runs, plan.min_runs);
  plan.min_seconds = options.seconds;
  if (options.sustained.empty()) return client.Bench(plan, context.sink);
  EDGEOPT_TRY(const double seconds, ParseDuration(options.sustained, "--sustained"));
  return pipeline::RunSustained(seconds, plan, client, context.sink);
}

Result<Bench> Measure(const Options& options, const HostArguments& host, Context& context,
                      std::string& inputs) {
  std::vector<std::string> models = {options.model};
  models.insert(models.end(), options.against.begin(), options.against.end());
  EDGEOPT_CHECK_OK(CheckSessionOptions(options.session, models));
  Bench bench;
  EDGEOPT_TRY(bench.agents, OpenAgents(context, host));
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

// What one machine said.
struct Told {
  std::string where;   // "On HOST: ..."; empty: here
  std::string inputs;  // what was run
  std::vector<std::vector<std::string>> rows;
  std::string details;  // speed-ups, remarks, sustained load, throttling
  json document;
};

// What the sensors say of the whole measurement; of a sustained one also how it went.
Status AddConditions(const Bench& bench, const Options& options, Told& told) {
  const auto& [clocks, telemetry] = bench.conditions;
  if (options.sustained.empty()) {
    const auto throttled = hardware::ThrottlingReasons(telemetry, clocks.locked, {});
    told.document["conditions"] = ToJson(bench.conditions, throttled);
    for (const std::string& reason : throttled) told.details += "Throttled: " + reason + "\n";
    return OkStatus();
  }
  const measure::SustainedLoad load =
      measure::DescribeSustained(bench.results[0].timings, telemetry, clocks.locked);
  told.document["conditions"] = ToJson(bench.conditions, load.throttled);
  told.document["models"][0]["sustained"] = measure::ToJson(load);
  const report::Sustained sustained = pipeline::ToSustained(load);
  told.details += SustainedText(sustained);
  if (options.plot.empty()) return OkStatus();
  return WriteFile(options.plot, report::SustainedPlot(sustained, options.model),
                   Overwrite::kRefuse);
}

Result<Told> OnHost(const Options& options, const HostArguments& host, Context& context) {
  Told told;
  EDGEOPT_TRY(const Bench bench, Measure(options, host, context, told.inputs));
  WarnAboutMachine(context, *bench.clients[0], bench.results[0].threads);
  told.document = {{"inputs", told.inputs},
                   {"machine", measure::ToJson(bench.clients[0]->hello().machine)}};
  std::string remarks;
  for (size_t i = 0; i < bench.results.size(); ++i) {
    const std::string& model = i == 0 ? options.model : options.against[i - 1];
    const auto memory = bench.clients[i]->Memory();
    json row = Document(model, bench.results[i], memory.ok() ? &*memory : nullptr);
    told.rows.push_back(Row(row, bench.results[i]));
    if (i > 0) {
      const RatioEstimate& speedup = bench.speedups[i];
      row["speedup"] = {
          {"ratio", speedup.ratio}, {"low", speedup.interval.low}, {"high", speedup.interval.high}};
      told.details += "  " + model + " is " + report::Number(speedup.ratio) + " times as fast (" +
                      report::Range(speedup.interval) + ") as " + options.model + "\n";
    }
    for (const std::string& remark : bench.results[i].remarks)
      remarks += "  " + model + ": " + remark + "\n";
    told.document["models"].push_back(std::move(row));
  }
  told.details += remarks;
  EDGEOPT_CHECK_OK(AddConditions(bench, options, told));
  AddHost(bench.agents, bench.clients[0]->hello(), told.where, told.document);
  return told;
}

std::string LatencyTable(const std::string& inputs, std::vector<std::string> heading,
                         const std::vector<std::vector<std::string>>& rows) {
  for (const char* name :
       {"model", "p50", "p90", "p95", "p99", "runs", "per s", "load", "peak MB", "threads"})
    heading.emplace_back(name);
  return "Latency in ms with 95 % intervals, on " + inputs + "\n" + Table(heading, rows);
}

// A row for each host and model; hosts that fail don't hinder the others.
Answer OnHosts(const Options& options, const Context& context) {
  const std::vector<std::string>& hosts = options.hosts.hosts;
  const std::vector<HostArguments> all = options.hosts.All();
  std::vector<Result<Told>> answers(hosts.size(), Internal("no answer"));
  OnEachHost(hosts, context,
             [&](size_t i, Context& own) { answers[i] = OnHost(options, all[i], own); });
  Answer answer;
  answer.document["hosts"] = json::array();
  std::vector<std::vector<std::string>> rows;
  std::vector<HostFailure> failures;
  std::string inputs, details;
  for (size_t i = 0; i < hosts.size(); ++i) {
    if (!answers[i].ok()) {
      const Error& error = answers[i].error();
      failures.push_back({hosts[i], error});
      details += "On " + hosts[i] + ": " + error.ToString() + "\n";
      answer.document["hosts"].push_back(
          {{"host", {{"name", hosts[i]}}},
           {"error", {{"code", static_cast<int>(error.code)}, {"message", error.message}}}});
      continue;
    }
    const Told& told = *answers[i];
    inputs = told.inputs;
    for (std::vector<std::string> row : told.rows) {
      row.insert(row.begin(), hosts[i]);
      rows.push_back(std::move(row));
    }
    details += told.where + told.details;
    answer.document["hosts"].push_back(told.document);
  }
  if (!rows.empty()) answer.text = LatencyTable(inputs, {"host"}, rows);
  answer.text += details;
  answer.failure = Worst(failures);
  return answer;
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckOptions(options));
  if (options.hosts.hosts.size() > 1) return OnHosts(options, context);
  EDGEOPT_TRY(Told told, OnHost(options, options.hosts.All().front(), context));
  return Answer{told.where + LatencyTable(told.inputs, {}, told.rows) + told.details,
                std::move(told.document),
                {}};
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
        AddHostsOptions(parser, options->hosts);
        parser.Add("--runs", options->runs, "at least so many, 100 or more")
            .Between(1, measure::kMaxBenchRuns);
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
