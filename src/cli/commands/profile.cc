// edgeopt profile MODEL
#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/profile_text.h"
#include "formats/onnx/onnx.h"
#include "pipeline/open_model.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string model;
  SessionArguments session;
  HostArguments host;
  int64_t runs = 20;
  int64_t top = 15;
  DataOptions data;
};

Status Explain(const Options& options, measure::Profile& profile) {
  if (pipeline::FormatOf(options.model) == pipeline::Format::kTflite) {
    if (options.session.kernels.empty() || options.session.kernels == "xnnpack")
      measure::ExplainBuiltin(profile);
    return OkStatus();
  }
  // TensorRT says itself what did not become int8.
  if (options.session.runtime.starts_with("tensorrt")) return OkStatus();
  EDGEOPT_TRY(const ir::Model model, formats::ReadOnnx(options.model));
  measure::ExplainFloat(model, profile);
  return OkStatus();
}

std::string Int8Fallbacks(const measure::Profile& profile) {
  std::string text;
  for (const runtimes::Int8Fallback& fallback : profile.int8_fallbacks)
    text += "  '" + fallback.node + "' was to be int8 and ran in " + fallback.ran + ", as '" +
            fallback.layer + "'\n";
  for (const std::string& node : profile.int8_unknown)
    text += "  '" + node + "' was to be int8; no layer tells what it ran in\n";
  return text.empty() ? "" : "\nNot in int8:\n" + text;
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckSessionOptions(options.session, {options.model}));
  EDGEOPT_TRY(const auto agents, OpenAgents(context, options.host));
  EDGEOPT_TRY(const auto client, LoadInAgent(agents, options.model, options.session));
  EDGEOPT_TRY(const BenchInputs given, SetBenchInputs(*client, options.data));
  const std::string& inputs = given.text;
  EDGEOPT_TRY(measure::Profile profile, client->ProfileOperators(options.runs, context.sink));
  EDGEOPT_CHECK_OK(Explain(options, profile));
  nlohmann::json document = measure::ToJson(profile);
  document["inputs"] = inputs;
  std::string text = "Mean over " + std::to_string(profile.runs) + " runs, on " + inputs + "\n" +
                     ProfileTables(document, static_cast<size_t>(options.top));
  text += Int8Fallbacks(profile);
  AddExecution(client->model(), text, document);
  AddHost(agents, client->hello(), text, document);
  return Answer{std::move(text), std::move(document), {}};
}

}  // namespace

Command profile() {
  return {"profile", "Show where the time goes, and what runs in int8", Group::kMeasure,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("model", options->model, "the model").Required();
            AddSessionOptions(parser, options->session);
            AddHostOptions(parser, options->host);
            parser.Add("--runs", options->runs, "runs to average over").Positive();
            parser.Add("--top", options->top, "list so many nodes").NonNegative();
            AddDataOptions(parser, options->data, "--data", "take inputs from this data set", false,
                           false);
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
