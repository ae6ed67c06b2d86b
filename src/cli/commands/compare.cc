// edgeopt compare REFERENCE OTHER --data DATA
#include <cmath>
#include <memory>

#include "cli/agents.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/table.h"
#include "cli/workflow.h"
#include "measure/machine.h"
#include "pipeline/compare_files.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string reference, other;
  bool outputs_only = false;
  DataOptions data;
};

// JSON has no infinity: equal values have a null SQNR and an error of 0.
json Row(const measure::ValueComparison& value) {
  return {{"name", value.name},
          {"made_by", value.made_by},
          {"sqnr_db", std::isfinite(value.sqnr_db) ? json(value.sqnr_db) : json()},
          {"cosine", value.cosine},
          {"max_abs_error", value.max_abs_error}};
}

std::vector<std::string> Cells(const measure::ValueComparison& value) {
  char cosine[32];
  std::snprintf(cosine, sizeof cosine, "%.5f", value.cosine);
  return {value.name, value.made_by,
          std::isfinite(value.sqnr_db) ? report::Number(value.sqnr_db) : "equal", cosine,
          report::Number(value.max_abs_error)};
}

Answer AnswerOf(const measure::Comparison& comparison, const std::string& data) {
  json document = {{"samples", comparison.samples},
                   {"top1_agreements", comparison.top1_agreements},
                   {"data", data},
                   {"outputs", json::array()},
                   {"layers", json::array()}};
  std::vector<std::vector<std::string>> outputs, layers;
  for (const auto& value : comparison.values) {
    document[value.output ? "outputs" : "layers"].push_back(Row(value));
    (value.output ? outputs : layers).push_back(Cells(value));
  }
  const std::vector<std::string> header = {"value", "made by", "SQNR dB", "cosine", "max error"};
  std::string text = "On " + std::to_string(comparison.samples) + " samples of " + data +
                     ", top-1 agreement " + std::to_string(comparison.top1_agreements) + " of " +
                     std::to_string(comparison.samples) + "\n\nOutputs\n" + Table(header, outputs);
  if (!layers.empty()) text += "\nLayers, by value name\n" + Table(header, layers);
  return Answer{std::move(text), std::move(document), {}};
}

Result<Answer> Execute(const Options& options, Context& context) {
  std::string description;
  const auto open =
      [&](const std::vector<runtimes::TensorSpec>& inputs) -> Result<pipeline::ComparedData> {
    EDGEOPT_TRY(ModelData data, OpenDataFor(options.data, inputs));
    description = data.dataset->Describe();
    return pipeline::ComparedData{std::move(data.specs), std::move(data.dataset)};
  };
  pipeline::CompareFilesOptions compare;
  compare.threads = std::max(1, measure::ReadMachine().usable_cpus);
  compare.layers = !options.outputs_only;
  compare.compare = {context.sink, context.cancel};
  EDGEOPT_TRY(const auto comparison, pipeline::CompareFiles(options.reference, options.other,
                                                            AgentsOf(context), open, compare));
  return AnswerOf(comparison, description);
}

}  // namespace

Command compare() {
  return {"compare", "Compare two models on data: outputs and like-named layers", Group::kMeasure,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("reference", options->reference, "the model to be close to").Required();
            parser.Add("other", options->other, "the model to judge").Required();
            parser.AddFlag("--outputs-only", options->outputs_only, "leave out the layers");
            AddDataOptions(parser, options->data, "--data", "the samples", true);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt compare model.onnx model_int8.onnx --data images/ --samples 50"};
}

}  // namespace edgeopt::cli
