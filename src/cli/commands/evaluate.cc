// edgeopt evaluate MODEL --data DATA --metric METRIC
#include "pipeline/evaluate.h"

#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/table.h"
#include "metrics/metric.h"
#include "pipeline/matched_session.h"
#include "report/json_number.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model, baseline, metric;
  std::vector<std::string> parameters;
  SessionArguments session;
  HostArguments host;
  DataOptions data;
};

Result<std::map<std::string, std::string>> ParseParameters(
    const std::vector<std::string>& entries) {
  std::map<std::string, std::string> parameters;
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos)
      return UsageError("--metric-option '" + entry + "' is not NAME=VALUE",
                        "for example output=logits");
    parameters[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return parameters;
}

// A metric of agreement needs something to agree with.
Status CheckBaseline(const Options& options) {
  for (const metrics::MetricInfo& info : metrics::Table())
    if (info.name == options.metric && !info.needs_labels && options.baseline.empty())
      return UsageError("'" + options.metric + "' compares with a baseline, and there is none",
                        "add --baseline MODEL, the model before it was changed");
  return OkStatus();
}

json Document(const metrics::Score& score, const std::string& metric) {
  return {{"metric", metric},
          {"value", report::NumberToJson(score.value)},
          {"samples", score.samples},
          {"interval",
           {{"low", report::NumberToJson(score.interval.low)},
            {"high", report::NumberToJson(score.interval.high)},
            {"confidence", score.interval.confidence},
            {"method", score.interval.method}}},
          {"higher_is_better", score.higher_is_better},
          {"unit", score.unit},
          {"details", score.details}};
}

std::string Line(const std::string& model, const std::string& metric, const metrics::Score& score) {
  const std::string unit = score.unit.empty() ? "" : " " + score.unit;
  return model + ": " + metric + " " + report::Score(score.value) + unit + " (" +
         report::Score(score.interval.low) + " to " + report::Score(score.interval.high) +
         ", 95 % by " + score.interval.method + ") on " + std::to_string(score.samples) +
         " samples\n";
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckBaseline(options));
  EDGEOPT_CHECK_OK(CheckSessionOptions(options.session, {options.model, options.baseline}));
  pipeline::EvaluateOptions evaluate;
  evaluate.metric = options.metric;
  EDGEOPT_TRY(evaluate.metric_parameters, ParseParameters(options.parameters));
  evaluate.sink = context.sink;
  evaluate.cancel = context.cancel;
  EDGEOPT_TRY(const auto agents, OpenAgents(context, options.host));
  EDGEOPT_TRY(auto client, LoadInAgent(agents, options.model, options.session));
  const measure::AgentHello hello = client->hello();
  const measure::LoadedModel loaded = client->model();
  EDGEOPT_TRY(const ModelData data, OpenDataFor(options.data, client->model().inputs));
  const auto& dataset = data.dataset;
  const pipeline::FloatModel model = pipeline::AsFloat(std::move(client), data.integers);
  runtimes::Session* const session = model.session.get();
  pipeline::FloatModel baseline_model;
  std::unique_ptr<runtimes::Session> baseline;
  if (!options.baseline.empty()) {
    EDGEOPT_TRY(auto other, LoadInAgent(agents, options.baseline, options.session));
    const pipeline::Integers inputs = pipeline::IntegersOf(other->model().inputs);
    baseline_model = pipeline::AsFloat(std::move(other), inputs);
    EDGEOPT_TRY(baseline, pipeline::MatchedTo(*baseline_model.session, *session));
  }
  EDGEOPT_TRY(const auto result, pipeline::Evaluate(*session, baseline.get(), *dataset, evaluate));
  json document = Document(result.score, options.metric);
  document["model"] = options.model;
  document["data"] = dataset->Describe();
  std::string text = Line(options.model, options.metric, result.score);
  AddExecution(loaded, text, document);
  AddHost(agents, hello, text, document);
  if (!baseline) return Answer{text, document, {}};

  EDGEOPT_TRY(const auto reference,
              pipeline::Evaluate(*baseline, baseline.get(), *dataset, evaluate));
  text += Line(options.baseline, options.metric, reference.score);
  document["baseline"] = Document(reference.score, options.metric);
  const auto paired = metrics::Compare(reference.score, result.score);
  if (paired.ok()) {
    text += "difference " + report::Score(paired->difference) + " (" +
            report::Score(paired->interval.low) + " to " + report::Score(paired->interval.high) +
            "), p = " + report::Number(paired->p_value) + " by " + paired->method + "\n";
    document["paired"] = {{"method", paired->method},
                          {"difference", paired->difference},
                          {"low", paired->interval.low},
                          {"high", paired->interval.high},
                          {"p_value", paired->p_value}};
  }
  return Answer{text, document, {}};
}

}  // namespace

Command evaluate() {
  return {"evaluate", "Measure accuracy on data, with its confidence interval", Group::kMeasure,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("model", options->model, "the model").Required();
            parser.Add("--metric", options->metric, "what to compute (edgeopt list metrics)")
                .Required();
            parser.Add("--metric-option", options->parameters, "the metric's NAME=VALUE");
            parser.Add("--baseline", options->baseline, "also this model, with a paired test")
                .TypeName("MODEL");
            AddSessionOptions(parser, options->session);
            AddHostOptions(parser, options->host);
            AddDataOptions(parser, options->data, "--data", "the data set", true);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt evaluate model.onnx --data images/ --metric top1"};
}

}  // namespace edgeopt::cli
