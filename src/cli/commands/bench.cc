// edgeopt bench MODEL [--against OTHER ...]
#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
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
  int64_t runs = 100;
  double seconds = 1;
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
  std::vector<std::unique_ptr<measure::AgentClient>> clients;
  std::vector<BenchResult> results;
  std::vector<RatioEstimate> speedups;
};

// An ONNX model and its TFLite form may want their axes in another order; the work is the same.
bool SameInputs(const BenchInputs& a, const BenchInputs& b) {
  return a.text == b.text || (a.generated && b.generated && a.elements == b.elements);
}

Result<Bench> Measure(const Options& options, Context& context, std::string& inputs) {
  std::vector<std::string> models = {options.model};
  models.insert(models.end(), options.against.begin(), options.against.end());
  EDGEOPT_CHECK_OK(CheckSessionOptions(options.session, models));
  Bench bench;
  BenchInputs first;
  std::vector<measure::AgentClient*> clients;
  for (const std::string& model : models) {
    EDGEOPT_TRY(auto client, LoadInAgent(context, model, options.session));
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
  if (clients.size() == 1) {
    measure::BenchPlan plan;
    plan.min_runs = std::max<int64_t>(100, options.runs);
    plan.min_seconds = options.seconds;
    EDGEOPT_TRY(auto result, clients[0]->Bench(plan, context.sink));
    bench.results.push_back(std::move(result));
    return bench;
  }
  measure::InterleavedPlan plan;
  plan.min_runs = std::max<int64_t>(100, options.runs);
  plan.min_seconds = options.seconds;
  EDGEOPT_TRY(auto result, measure::BenchInterleaved(clients, plan, context.sink));
  bench.results = std::move(result.models);
  bench.speedups = std::move(result.speedups);
  return bench;
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
  const std::string text =
      "Latency in ms with 95 % intervals, on " + inputs + "\n" +
      Table({"model", "p50", "p90", "p95", "p99", "runs", "per s", "load", "peak MB", "threads"},
            rows) +
      speedups + remarks;
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
        parser.Add("--runs", options->runs, "at least so many, 100 or more").Positive();
        parser.Add("--seconds", options->seconds, "and at least so long").Positive();
        AddDataOptions(parser, options->data, "--data", "take inputs from this data set", false,
                       false);
        return [options](Context& context) { return Execute(*options, context); };
      },
      "  edgeopt bench model.onnx --against model_int8.onnx"};
}

}  // namespace edgeopt::cli
