// edgeopt profile MODEL
#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/profile_text.h"
#include "formats/onnx/onnx.h"

namespace edgeopt::cli {
namespace {

struct Options {
  std::string model;
  int threads = 0;
  int64_t runs = 20;
  int64_t top = 15;
  DataOptions data;
};

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const auto client, LoadInAgent(context, options.model, options.threads));
  EDGEOPT_TRY(const std::string inputs, SetBenchInputs(*client, options.data));
  EDGEOPT_TRY(measure::Profile profile, client->ProfileOperators(options.runs, context.sink));
  EDGEOPT_TRY(const ir::Model model, formats::ReadOnnx(options.model));
  measure::ExplainFloat(model, profile);
  nlohmann::json document = measure::ToJson(profile);
  document["inputs"] = inputs;
  std::string text = "Mean over " + std::to_string(profile.runs) + " runs, on " + inputs + "\n" +
                     ProfileTables(document, static_cast<size_t>(options.top));
  return Answer{std::move(text), std::move(document), {}};
}

}  // namespace

Command profile() {
  return {"profile", "Show where the time goes, and what runs in int8", Group::kMeasure,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("model", options->model, "the model").Required();
            parser.Add("--threads", options->threads, "0: one per usable CPU").NonNegative();
            parser.Add("--runs", options->runs, "runs to average over").Positive();
            parser.Add("--top", options->top, "list so many nodes").NonNegative();
            AddDataOptions(parser, options->data, "--data", "take inputs from this data set", false,
                           false);
            return [options](Context& context) { return Execute(*options, context); };
          }};
}

}  // namespace edgeopt::cli
