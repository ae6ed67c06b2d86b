// edgeopt quantize MODEL -o OUT --precision P
#include "pipeline/quantize.h"

#include <memory>
#include <optional>
#include <thread>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/output_option.h"
#include "cli/profile_text.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "cli/table_file.h"
#include "data/batched.h"
#include "data/generated.h"
#include "data/noise.h"
#include "formats/onnx/onnx.h"
#include "measure/machine.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"
#include "pipeline/simplify.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model, table;
  OutputOption output;
  std::string rules = "auto", reduced_range = "auto";
  int64_t generated = 0;
  bool no_simplify = false;
  DataOptions data;
  pipeline::QuantizeOptions quantize;
};

// The data set behind the samples must outlive them.
struct Calibration {
  std::shared_ptr<const data::Dataset> dataset;
  pipeline::CalibrationData data;
};

// What random samples look like: sizes that the model runs with in place of dynamic dimensions.
Result<std::vector<data::InputSpec>> SizedSpecs(const ir::Model& model,
                                                runtimes::Runtime& runtime) {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  EDGEOPT_TRY(const auto session, runtime.LoadBytes(std::as_bytes(std::span(bytes)), {}));
  auto specs = pipeline::FittingSpecs(*session);
  if (!specs.ok())
    return BadInput("no random inputs fit this model: " + specs.error().message,
                    "give data with --calibration");
  return specs;
}

Result<std::optional<Calibration>> OpenCalibration(const Options& options, const ir::Model& model,
                                                   runtimes::Runtime& runtime, Context& context) {
  if (options.data.path.empty() && options.generated == 0) return std::optional<Calibration>();
  if (!options.data.path.empty() && options.generated > 0)
    return UsageError("--calibration and --generated exclude each other");
  const auto specs = pipeline::InputSpecsOf(model);
  Calibration calibration;
  if (options.generated > 0) {
    data::GenerateOptions generate;
    generate.samples = options.generated;
    EDGEOPT_TRY(const auto sized, SizedSpecs(model, runtime));
    EDGEOPT_TRY(calibration.dataset, data::Generate(sized, generate));
    calibration.data.generated = true;
  } else {
    EDGEOPT_TRY(calibration.dataset, OpenData(options.data, specs));
    EDGEOPT_TRY(const data::NoiseVerdict noise, data::LooksLikeNoise(*calibration.dataset));
    if (noise.noise) context.sink->Warn("calibration data: " + noise.message);
  }
  calibration.dataset = data::InBatches(std::move(calibration.dataset), specs);
  calibration.data.source = pipeline::SourceOf(*calibration.dataset, specs);
  calibration.data.available = calibration.dataset->size();
  calibration.data.description = calibration.dataset->Describe();
  return std::optional<Calibration>(std::move(calibration));
}

// What depends on the machine, unless the user decided it.
void FillInMachine(const Options& options, pipeline::QuantizeOptions& quantize) {
  const measure::Machine machine = measure::ReadMachine();
  quantize.rules = options.rules != "auto"             ? options.rules
                   : machine.architecture == "aarch64" ? "onnxruntime-arm64"
                                                       : "onnxruntime-x64";
  // Only this machine's own kernels saturate; the other rule sets are for other machines.
  quantize.reduced_range = options.reduced_range == "auto"
                               ? quantize.rules == "onnxruntime-x64" && machine.saturates_in_int8()
                               : options.reduced_range == "on";
  quantize.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::string Text(const json& report, const std::string& output) {
  std::string text = output + ": " + report["precision"].get<std::string>();
  if (report.contains("calibrator"))
    text += ", calibrator " + report["calibrator"].get<std::string>();
  if (report.contains("samples"))
    text += ", " + std::to_string(report["samples"].get<int64_t>()) + " samples";
  text += "\n";
  if (report.contains("int8_nodes"))
    text += "  " + std::to_string(report["int8_nodes"].get<int64_t>()) + " nodes in int8\n";
  if (report.contains("float16_nodes"))
    text += "  " + std::to_string(report["float16_nodes"].get<int64_t>()) + " nodes in float16\n";
  if (report.contains("fidelity"))
    for (const json& out : report["fidelity"]["outputs"])
      text += "  output '" + out["name"].get<std::string>() + "' against float: SQNR " +
              (out["sqnr_db"].is_null()
                   ? "exact"
                   : std::to_string(out["sqnr_db"].get<double>()).substr(0, 5) + " dB") +
              ", cosine " + std::to_string(out["cosine"].get<double>()).substr(0, 7) + "\n";
  if (report.contains("range_stability"))
    text +=
        "  two halves of the data: ranges differ by " +
        report::Number(report["range_stability"]["largest_half_difference"].get<double>() * 100) +
        " % at most, at '" + report["range_stability"]["value"].get<std::string>() + "'\n";
  if (report.contains("kernels")) text += KernelSummary(report["kernels"]);
  std::map<std::string, int64_t> kept;
  for (const json& node : report.value("nodes", json::array()))
    if (!node.value("int8", false) && !node["reason"].get<std::string>().starts_with("disappears"))
      ++kept[node["op_type"].get<std::string>() + ": " + node["reason"].get<std::string>()];
  if (!kept.empty()) text += "  left as they are:\n";
  for (const auto& [reason, count] : kept)
    text += "    " + std::to_string(count) + " x " + reason + "\n";
  return text;
}

bool HasData(const Options& options) { return !options.data.path.empty() || options.generated > 0; }
bool ReadsTable(const Options& options) { return !options.table.empty() && !HasData(options); }

Status CheckOutputs(const Options& options) {
  EDGEOPT_CHECK_OK(CheckOutput(options.output.path, options.output.force, options.model));
  if (options.table.empty()) return OkStatus();
  if (options.quantize.precision != "int8")
    return UsageError("--table: " + options.quantize.precision + " needs no calibration",
                      "only --precision int8 has a calibration table");
  if (ReadsTable(options)) return OkStatus();
  return CheckOutput(options.table, options.output.force, options.model);
}

Status WriteOutputs(const Options& options, const pipeline::Quantized& done) {
  formats::OnnxWriteOptions write;
  write.overwrite = options.output.force ? Overwrite::kReplace : Overwrite::kRefuse;
  const auto write_model = [&] {
    return formats::WriteOnnx(done.model, options.output.path, write);
  };
  if (options.table.empty() || ReadsTable(options)) return write_model();
  return WriteWithTable(options.table, *done.table, write.overwrite, write_model);
}

// Fills in where the ranges come from and go to. `table` has to outlive the quantization.
Status ConnectTable(const Options& options, std::optional<quant::CalibrationTable>& table,
                    pipeline::QuantizeOptions& quantize) {
  if (ReadsTable(options)) {
    EDGEOPT_TRY(table, ReadTable(options.table, options.model));
    quantize.table = &*table;
  } else if (!options.table.empty()) {
    quantize.shared_table = true;
    EDGEOPT_TRY(quantize.model_sha256, Sha256File(options.model));
  }
  return OkStatus();
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_CHECK_OK(CheckOutputs(options));
  pipeline::QuantizeOptions quantize = options.quantize;
  std::optional<quant::CalibrationTable> table;
  EDGEOPT_CHECK_OK(ConnectTable(options, table, quantize));
  EDGEOPT_TRY(const auto runtime, OpenRuntime(context));
  EDGEOPT_TRY(ir::Model model, pipeline::OpenOnnxModel(options.model));
  EDGEOPT_TRY(const auto calibration, OpenCalibration(options, model, *runtime, context));
  if (!options.no_simplify) {
    pipeline::SimplifyOptions simplify;
    EDGEOPT_TRY(auto simplified,
                pipeline::Simplify(model, simplify, *runtime, *context.sink, context.cancel));
    model = std::move(simplified.model);
  }
  quantize.samples = options.data.limit;
  FillInMachine(options, quantize);
  EDGEOPT_TRY(pipeline::Quantized done,
              pipeline::Quantize(model, quantize, calibration ? &calibration->data : nullptr,
                                 *runtime, *context.sink, context.cancel));
  EDGEOPT_CHECK_OK(WriteOutputs(options, done));
  json document = std::move(*done.report);
  document["output"] = options.output.path;
  document["warnings"] = done.warnings;
  return Answer{Text(document, options.output.path), document, {}};
}

void Configure(Parser& parser, Options& options) {
  parser.Add("model", options.model, "the ONNX model").Required();
  AddOutputOption(parser, options.output);
  parser.Add("--precision", options.quantize.precision, "result")
      .OneOf({"int8", "dynamic-int8", "fp16"});
  AddDataOptions(parser, options.data, "--calibration", "data set that int8 ranges are found on",
                 false);
  parser.Add("--generated", options.generated, "calibrate on N random samples instead (a guess)")
      .NonNegative()
      .TypeName("N")
      .WithoutDefault();
  parser
      .Add("--calibrator", options.quantize.calibrator,
           "how ranges are chosen (default auto: all tried)")
      .TypeName("NAME")
      .WithoutDefault();
  parser.Add("--percentile", options.quantize.percentile, "share that percentile keeps")
      .Between(0.0, 100.0);
  parser
      .Add("--exclude", options.quantize.exclude,
           "keep in float: node name, operator type or pattern")
      .TypeName("WHAT");
  parser.Add("--rules", options.rules, "edgeopt list rules (default auto: this machine's)")
      .TypeName("NAME")
      .WithoutDefault();
  parser.Add("--reduced-range", options.reduced_range, "7-bit weights")
      .OneOf({"auto", "on", "off"});
  AddTableOption(parser, options.table);
  parser.AddFlag("--no-simplify", options.no_simplify, "quantize the graph as it is");
}

}  // namespace

Command quantize() {
  return {"quantize", "Write an int8 or float16 model, confirmed by the runtime", Group::kModel,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            Configure(parser, *options);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt quantize m.onnx -o m_int8.onnx --calibration images/"};
}

}  // namespace edgeopt::cli
