// edgeopt simplify MODEL -o OUT
#include "pipeline/simplify.h"

#include <memory>

#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/output_option.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "formats/onnx/onnx.h"
#include "pipeline/end_at.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

// Enough real inputs to reach what random ones don't (padding tokens, saturated values).
constexpr int64_t kDataSamples = 4;

struct Options {
  std::string model;
  OutputOption output;
  std::vector<std::string> disabled, outputs;
  bool no_verify = false;
  DataOptions data;
};

std::string Text(const json& report, const std::string& output) {
  std::vector<std::vector<std::string>> rows;
  for (const json& pass : report["passes"])
    if (pass["rewrites"] > 0)
      rows.push_back({pass["name"], std::to_string(pass["rewrites"].get<int64_t>())});
  return output + ": " + std::to_string(report["nodes_before"].get<int64_t>()) + " nodes became " +
         std::to_string(report["nodes_after"].get<int64_t>()) + "\n" +
         Table({"pass", "rewrites"}, rows);
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckOutput(options.output.path, options.output.force, options.model));
  EDGEOPT_TRY(const auto runtime, OpenRuntime(context));
  EDGEOPT_TRY(ir::Model model, pipeline::OpenOnnxModel(options.model));
  if (!options.outputs.empty()) {
    EDGEOPT_TRY(model, pipeline::EndAt(std::move(model), options.outputs));
  }
  pipeline::SimplifyOptions simplify;
  simplify.disabled = options.disabled;
  simplify.verify = !options.no_verify;
  pipeline::SizedSamples samples;
  if (!options.data.path.empty()) {
    const auto specs = pipeline::InputSpecsOf(model);
    EDGEOPT_TRY(auto dataset, OpenData(options.data, specs));
    samples = pipeline::SamplesFor(std::move(dataset), specs);
    simplify.verification.data = &samples.source;
    simplify.verification.data_samples = std::min(kDataSamples, samples.count);
  }
  EDGEOPT_TRY(pipeline::Simplified done,
              pipeline::Simplify(model, simplify, *runtime, *context.sink, context.cancel));
  formats::OnnxWriteOptions write;
  write.overwrite = options.output.force ? Overwrite::kReplace : Overwrite::kRefuse;
  EDGEOPT_CHECK_OK(formats::WriteOnnx(done.model, options.output.path, write));
  json document = std::move(*done.report);
  document["output"] = options.output.path;
  document["warnings"] = done.warnings;
  return Answer{Text(document, options.output.path), document, {}};
}

}  // namespace

Command simplify() {
  return {"simplify", "Write a model without what it does not need, verified", Group::kModel,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            parser.Add("model", options->model, "the ONNX model").Required();
            AddOutputOption(parser, options->output);
            parser.Add("--disable", options->disabled, "a pass to leave out (edgeopt list passes)")
                .TypeName("PASS");
            parser.Add("--outputs", options->outputs, "end the model at this value, or these")
                .TypeName("NAME");
            parser.AddFlag("--no-verify", options->no_verify,
                           "don't compare outputs before and after");
            AddDataOptions(parser, options->data, "--data",
                           "also verify on samples of this data set", false, false);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt simplify model.onnx -o simple.onnx"};
}

}  // namespace edgeopt::cli
