// edgeopt convert MODEL -o OUT.tflite
#include "pipeline/convert.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/file.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/output_option.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "data/noise.h"
#include "formats/tflite/file.h"
#include "measure/machine.h"
#include "pipeline/agents.h"
#include "pipeline/input_shapes.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

// Enough real inputs to reach what random ones don't.
constexpr int64_t kDataSamples = 4;

struct Options {
  std::string model;
  OutputOption output;
  pipeline::ConvertOptions convert;
  DataOptions calibration;
  std::vector<std::string> shapes;
};

std::string Text(const json& report, const std::string& output) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : report["operators"].items())
    rows.push_back({name, std::to_string(count.get<int64_t>())});
  std::string text = output + ": " + std::to_string(report["nodes_before"].get<int64_t>()) +
                     " nodes became " + std::to_string(report["nodes_after"].get<int64_t>()) +
                     " operators\n" + Table({"operator", "count"}, rows);
  for (const json& result : report["verified"]["outputs"])
    text += "output " + result["name"].get<std::string>() + ": " +
            (result.contains("range")
                 ? "differs from ONNX Runtime's by " + result["max_abs_error"].dump() +
                       " at most, range " + result["range"].dump()
                 : result["unequal_elements"].dump() + " elements differ from ONNX Runtime's") +
            "\n";
  return text;
}

// The file in an agent, which lives as long as this.
class TfliteAgent {
 public:
  static Result<TfliteAgent> Make() {
    TfliteAgent agent;
    EDGEOPT_TRY(agent.folder_, TemporaryFolder::Create());
    return agent;
  }

  Result<std::unique_ptr<runtimes::Session>> Load(const Context& context,
                                                  std::span<const std::byte> bytes) {
    const std::filesystem::path file = folder_->path() / "model.tflite";
    EDGEOPT_CHECK_OK(WriteFile(
        file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
    const pipeline::AgentStarter starter{context.program, context.runtime_library, context.cancel};
    EDGEOPT_TRY(client_, starter.LoadTflite(file, 1));
    return measure::AsSession(*client_);
  }

 private:
  TfliteAgent() = default;
  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<measure::AgentClient> client_;
};

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckOutput(options.output.path, options.output.force, options.model));
  EDGEOPT_TRY(const auto onnxruntime, OpenRuntime(context));
  EDGEOPT_TRY(TfliteAgent agent, TfliteAgent::Make());
  EDGEOPT_TRY(const auto shapes, pipeline::ParseShapes(options.shapes));
  EDGEOPT_TRY(ir::Model model, pipeline::OpenModel(options.model));
  EDGEOPT_CHECK_OK(pipeline::FixInputShapes(model, shapes));
  pipeline::ConvertOptions convert = options.convert;
  std::unique_ptr<data::Dataset> dataset;
  pipeline::CalibrationData calibration;
  if (!options.calibration.path.empty()) {
    const auto specs = pipeline::InputSpecsOf(model);
    EDGEOPT_TRY(dataset, OpenData(options.calibration, specs));
    calibration = {pipeline::SourceOf(*dataset, specs), dataset->size(), dataset->Describe()};
    convert.calibration = &calibration;
    convert.quantize.samples = options.calibration.limit;
    convert.quantize.workers = std::max(1, measure::ReadMachine().usable_cpus);
    EDGEOPT_TRY(const data::NoiseVerdict noise, data::LooksLikeNoise(*dataset));
    if (noise.noise) context.sink->Warn("calibration data: " + noise.message);
    convert.verification.data = &calibration.source;
    convert.verification.data_samples = std::min(kDataSamples, dataset->size());
  }
  EDGEOPT_TRY(pipeline::Converted done,
              pipeline::Convert(
                  model, convert, *onnxruntime,
                  [&](std::span<const std::byte> bytes) { return agent.Load(context, bytes); },
                  *context.sink, context.cancel));
  formats::tflite::TfliteWriteOptions write;
  write.overwrite = options.output.force ? Overwrite::kReplace : Overwrite::kRefuse;
  EDGEOPT_CHECK_OK(formats::tflite::WriteTflite(done.file, options.output.path, write));
  json document = std::move(*done.report);
  document["output"] = options.output.path;
  document["warnings"] = done.warnings;
  return Answer{Text(document, options.output.path), document, {}};
}

void Configure(Parser& parser, Options& options) {
  pipeline::ConvertOptions& convert = options.convert;
  parser.Add("model", options.model, "the ONNX model").Required();
  AddOutputOption(parser, options.output);
  parser.Add("--precision", convert.precision, "of weights (fp16) or of everything (int8)")
      .OneOf({"fp32", "fp16", "int8"});
  AddDataOptions(parser, options.calibration, "--calibration",
                 "data for int8 ranges, and to verify the result", false);
  parser.Add("--calibrator", convert.quantize.calibrator, "how ranges are chosen (default: best)")
      .TypeName("NAME")
      .WithoutDefault();
  parser.Add("--exclude", convert.quantize.exclude, "keep in float: node, operator or pattern")
      .TypeName("WHAT");
  parser.Add("--shape", options.shapes, "fixes an input's sizes: x=1x3x224x224");
  parser.Add("--io", convert.io, "type of quantized inputs and outputs")
      .OneOf({"float", "int8", "uint8"});
  parser.AddFlag("--channels-last", convert.channels_last,
                 "inputs and outputs become NHWC where it saves work");
}

}  // namespace

Command convert() {
  return {"convert", "Write an ONNX model as TFLite, verified in LiteRT", Group::kModel,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            Configure(parser, *options);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt convert model.onnx -o model.tflite"};
}

}  // namespace edgeopt::cli
