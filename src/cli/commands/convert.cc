// edgeopt convert MODEL -o OUT: ONNX to TFLite, TFLite to ONNX or another TFLite.
#include "pipeline/convert.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/convert_source.h"
#include "cli/data_options.h"
#include "cli/output_option.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "cli/table_file.h"
#include "cli/workflow.h"
#include "data/batched.h"
#include "data/noise.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/raise.h"
#include "frameworks/recognize.h"
#include "measure/machine.h"
#include "pipeline/from_tflite.h"
#include "pipeline/input_shapes.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"
#include "pipeline/set_sizes.h"

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
  std::string signature, table;
  bool channels_last = false;
  SourceArguments source;      // sizes, and of a model in a framework
  pipeline::AskedSizes asked;  // of ONNX and TFLite
  bool unverified = false;

  bool has_data() const { return !calibration.path.empty(); }
  bool reads_table() const { return !table.empty() && !has_data(); }
  bool writes_table() const { return !table.empty() && has_data(); }
};

bool IsTflite(const std::filesystem::path& path) { return path.extension() == ".tflite"; }
bool FromTflite(const Options& options) {
  return pipeline::FormatOf(options.model) == pipeline::Format::kTflite;
}
bool IsOnnx(const std::filesystem::path& path) { return path.extension() == ".onnx"; }

Status CheckTable(const Options& options) {
  if (options.table.empty()) return OkStatus();
  const std::string& precision = options.convert.precision;
  if (precision != "int8" && precision != "int16x8")
    return UsageError("--table: " + precision + " needs no calibration",
                      "only --precision int8 and int16x8 have a calibration table");
  if (options.reads_table()) return OkStatus();
  return CheckOutput(options.table, options.output.force, options.model);
}

// What the option names are about, and which ways there are.
Status CheckOptions(const Options& options) {
  const std::string &output = options.output.path, &precision = options.convert.precision;
  if (!options.signature.empty() && !FromTflite(options))
    return UsageError("--signature is for TFLite models; '" + options.model + "' is none");
  EDGEOPT_CHECK_OK(CheckTable(options));
  if (precision == "int16x8" && options.convert.io != "float")
    return UsageError(
        "--io " + options.convert.io + " would give up the 16 bits that int16x8 keeps",
        "leave --io out, or use --precision int8");
  if (IsTflite(output)) return OkStatus();
  if (!IsOnnx(output))
    return UsageError("'" + output + "' has no format that convert writes",
                      "name the output *.tflite, or *.onnx where the model is TFLite");
  if (!FromTflite(options) && !options.asked.any())
    return UsageError("the model is ONNX already",
                      "name the output *.tflite, or give other sizes: --shape, --batch");
  if (precision != "fp32" || options.convert.io != "float" || options.channels_last)
    return UsageError("--precision, --io and --channels-last are for TFLite outputs",
                      "convert without them, then use 'edgeopt quantize' on the ONNX model");
  return OkStatus();
}

std::string Differences(const json& verified, const std::string& other) {
  std::string text;
  for (const json& result : verified["outputs"])
    text += "output " + result["name"].get<std::string>() + ": " +
            (result.contains("range")
                 ? "differs from " + other + "'s by " + result["max_abs_error"].dump() +
                       " at most, range " + result["range"].dump()
                 : result["unequal_elements"].dump() + " elements differ from " + other + "'s") +
            "\n";
  return text;
}

std::string Text(const json& report, const std::string& output) {
  const bool to_onnx = IsOnnx(output);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : report["operators"].items())
    rows.push_back({name, std::to_string(count.get<int64_t>())});
  std::string text = output + ": " + std::to_string(report["nodes_before"].get<int64_t>()) +
                     (to_onnx ? " operators became " : " nodes became ") +
                     std::to_string(report["nodes_after"].get<int64_t>()) +
                     (to_onnx ? " nodes\n" : " operators\n") + Table({"operator", "count"}, rows);
  if (report.contains("source_verified"))
    text += Differences(report["source_verified"], "the ONNX form");
  text += Differences(report["verified"], to_onnx ? "LiteRT" : "ONNX Runtime");
  return text;
}

// What is converted, as ONNX.
struct Source {
  ir::Model model;
  std::optional<pipeline::Raised> raised;  // from TFLite
  Buffer tflite;                           // the file, with the signature alone that is meant
  std::vector<std::string> warnings;
};

Result<Source> OpenTflite(const Options& options, runtimes::Runtime& onnxruntime,
                          Context& context) {
  Source source;
  EDGEOPT_TRY(source.tflite, Buffer::Map(options.model));
  auto file = formats::tflite::ParseTflite(source.tflite);
  if (!file.ok()) return file.error().Within("'" + options.model + "'");
  if (!options.signature.empty()) {
    EDGEOPT_CHECK_OK(formats::tflite::SelectSignature(*file, options.signature));
    EDGEOPT_TRY(std::string bytes, formats::tflite::SerializeTflite(*file));
    source.tflite = Buffer::Own(std::move(bytes));
  }
  EDGEOPT_TRY(source.raised, pipeline::RaiseModel(*file, options.asked, onnxruntime, *context.sink,
                                                  context.cancel));
  source.model = source.raised->model;
  source.warnings = source.raised->warnings;
  if (const Status weights = pipeline::CheckWeights(source.model); !weights.ok())
    return weights.error().Within("'" + options.model + "'");
  return source;
}

Result<Source> OpenSource(const Options& options, runtimes::Runtime& onnxruntime,
                          Context& context) {
  if (FromTflite(options)) return OpenTflite(options, onnxruntime, context);
  Source source;
  EDGEOPT_TRY(source.model, pipeline::OpenModel(options.model));
  return source;
}

json OnnxReport(const pipeline::Raised& raised) {
  json report = {{"nodes_before", raised.operators},
                 {"nodes_after", raised.model.graph.node_count()},
                 {"transposes", raised.transposes},
                 {"operators", json::object()}};
  for (const ir::NodeId id : raised.model.graph.nodes()) {
    const std::string& name = raised.model.graph.node(id).op_type;
    report["operators"][name] = report["operators"].value(name, 0) + 1;
  }
  return report;
}

class Conversion {
 public:
  Conversion(const Options& options, Context& context)
      : options_(options),
        context_(context),
        convert_(options.convert),
        litert_(pipeline::TfliteInAgent(AgentsOf(context))) {
    convert_.channels_last_inputs = convert_.channels_last_outputs = options.channels_last;
  }

  Result<Answer> Run() {
    EDGEOPT_CHECK_OK(CheckOptions(options_));
    EDGEOPT_CHECK_OK(CheckOutput(options_.output.path, options_.output.force, options_.model));
    EDGEOPT_CHECK_OK(ConnectTable());
    EDGEOPT_TRY(onnxruntime_, OpenRuntime(context_));
    EDGEOPT_TRY(source_, OpenSource(options_, *onnxruntime_, context_));
    json source_verified;
    // Data is of the sizes that are asked for, the file maybe of others.
    if (source_.raised && options_.asked.any()) EDGEOPT_CHECK_OK(VerifySource(source_verified));
    EDGEOPT_CHECK_OK(SetSizes());
    EDGEOPT_CHECK_OK(OpenCalibration());
    if (source_.raised && !options_.asked.any()) EDGEOPT_CHECK_OK(VerifySource(source_verified));
    if (IsOnnx(options_.output.path)) return WriteAsOnnx(std::move(source_verified));
    return WriteAsTflite(std::move(source_verified));
  }

 private:
  Status ConnectTable() {
    convert_.quantize.workers = std::max(1, measure::ReadMachine().usable_cpus);
    if (options_.reads_table()) {
      EDGEOPT_TRY(table_, ReadTable(options_.table, options_.model));
      convert_.quantize.table = &*table_;
    } else if (options_.writes_table()) {
      convert_.quantize.shared_table = true;
      EDGEOPT_TRY(convert_.quantize.model_sha256, Sha256File(options_.model));
    }
    return OkStatus();
  }

  Status SetSizes() {
    if (!options_.asked.any()) return OkStatus();
    EDGEOPT_TRY(pipeline::SizedModel sized, pipeline::SetSizes(source_.model, options_.asked));
    if (sized.inputs.empty()) return OkStatus();
    EDGEOPT_TRY(sizes_["verified"],
                pipeline::VerifySizes(source_.model, sized, {}, *onnxruntime_, *context_.sink));
    sizes_["asked"] = pipeline::ToString(options_.asked);
    sizes_["nodes"] = sized.followed;
    source_.model = std::move(sized.model);
    return OkStatus();
  }

  Status OpenCalibration() {
    if (!options_.has_data()) return OkStatus();
    const auto specs = pipeline::InputSpecsOf(source_.model);
    EDGEOPT_TRY(auto opened, OpenData(options_.calibration, specs));
    dataset_ = data::InBatches(std::move(opened), specs);
    calibration_ = {pipeline::SourceOf(*dataset_, specs), dataset_->size(), dataset_->Describe()};
    convert_.calibration = &calibration_;
    convert_.quantize.samples = options_.calibration.limit;
    EDGEOPT_TRY(const data::NoiseVerdict noise, data::LooksLikeNoise(*dataset_));
    if (noise.noise) context_.sink->Warn("calibration data: " + noise.message);
    convert_.verification.data = &calibration_.source;
    convert_.verification.data_samples = std::min(kDataSamples, dataset_->size());
    return OkStatus();
  }

  Status VerifySource(json& verified) {
    EDGEOPT_TRY(const auto litert, litert_(source_.tflite.bytes()));
    return pipeline::VerifyRaised(*source_.raised, convert_.verification, *onnxruntime_, *litert,
                                  *context_.sink, verified);
  }

  Overwrite overwrite() const {
    return options_.output.force ? Overwrite::kReplace : Overwrite::kRefuse;
  }

  Result<Answer> WriteAsOnnx(json verified) {
    formats::OnnxWriteOptions write;
    write.overwrite = overwrite();
    EDGEOPT_CHECK_OK(formats::WriteOnnx(source_.model, options_.output.path, write));
    if (!source_.raised) return ToldSizes();
    json document = OnnxReport(*source_.raised);
    document["verified"] = std::move(verified);
    return Told(std::move(document));
  }

  Result<Answer> WriteAsTflite(json source_verified) {
    EDGEOPT_TRY(pipeline::Converted done,
                pipeline::Convert(source_.model, convert_, *onnxruntime_, litert_, *context_.sink,
                                  context_.cancel));
    EDGEOPT_CHECK_OK(WriteFiles(done));
    json document = std::move(*done.report);
    if (source_.raised) document["source_verified"] = std::move(source_verified);
    source_.warnings.insert(source_.warnings.end(), done.warnings.begin(), done.warnings.end());
    return Told(std::move(document));
  }

  Status WriteFiles(const pipeline::Converted& done) const {
    formats::tflite::TfliteWriteOptions write;
    write.overwrite = overwrite();
    const auto write_model = [&] {
      return formats::tflite::WriteTflite(done.file, options_.output.path, write);
    };
    if (!options_.writes_table()) return write_model();
    if (done.table == nullptr || done.table->is_null())
      return UsageError("--table: the model is quantized already, so nothing was calibrated",
                        "convert it without --table; it keeps its scales");
    return WriteWithTable(options_.table, *done.table, write.overwrite, write_model);
  }

  // The same model at other sizes.
  Answer ToldSizes() const {
    const std::string& output = options_.output.path;
    json document = {{"output", output}, {"warnings", source_.warnings}, {"sizes", sizes_}};
    std::string text = output + ": " + pipeline::ToString(options_.asked) + "\n";
    if (sizes_.is_null()) return {text + "the model has these sizes already\n", document, {}};
    const json& against = sizes_["verified"]["against"];
    text += against.is_string()
                ? Differences(sizes_["verified"], against.get<std::string>())
                : "run by ONNX Runtime; there is no other model of these sizes to compare with\n";
    return {text, document, {}};
  }

  Answer Told(json document) const {
    if (!sizes_.is_null()) document["sizes"] = sizes_;
    document["output"] = options_.output.path;
    document["warnings"] = source_.warnings;
    return Answer{Text(document, options_.output.path), document, {}};
  }

  const Options& options_;
  Context& context_;
  pipeline::ConvertOptions convert_;
  std::shared_ptr<runtimes::Runtime> onnxruntime_;
  pipeline::LoadTflite litert_;
  Source source_;
  json sizes_;  // what was changed and how it was verified; null: nothing
  std::shared_ptr<const data::Dataset> dataset_;
  pipeline::CalibrationData calibration_;
  std::optional<quant::CalibrationTable> table_;
};

// --shape and --signature are the framework's to see to.
Result<Answer> ConvertFrom(const frameworks::Source& source, const Options& options,
                           Context& context) {
  SourceConversion conversion;
  conversion.output = options.output;
  conversion.arguments = options.source;
  conversion.unverified = options.unverified;
  conversion.format_alone = options.convert.precision == "fp32" && options.convert.io == "float" &&
                            !options.channels_last;
  conversion.go_on = [&](const std::string& model) {
    Options rest = options;
    rest.model = model;
    rest.asked = {};
    rest.signature.clear();
    return Conversion(rest, context).Run();
  };
  return ConvertSource(source, conversion, context);
}

Result<Answer> Execute(const Options& options, Context& context) {
  EDGEOPT_TRY(const auto framework, frameworks::Recognize(options.model));
  if (!framework && options.unverified)
    return UsageError("'" + options.model + "' is ONNX or TFLite, which edgeopt reads itself",
                      "leave out the options for models of PyTorch and TensorFlow");
  SourceArguments arguments = options.source;
  // Of a TFLite model it is another signature that is meant.
  if (framework) arguments.signature = options.signature;
  EDGEOPT_TRY(const auto source, pipeline::OpenSource(options.model, ToSourceOptions(arguments)));
  if (source) return ConvertFrom(*source, options, context);
  Options sized = options;
  EDGEOPT_TRY(sized.asked, pipeline::ParseSizes(arguments.shapes, arguments.batch));
  return Conversion(sized, context).Run();
}

void Configure(Parser& parser, Options& options) {
  pipeline::ConvertOptions& convert = options.convert;
  parser.Add("model", options.model, "the model: ONNX, TFLite, PyTorch, TensorFlow, Keras")
      .Required();
  AddOutputOption(parser, options.output);
  parser.Add("--precision", convert.precision, "of weights, or (int...) of everything")
      .OneOf({"fp32", "fp16", "dynamic-int8", "int8", "int16x8"});
  AddDataOptions(parser, options.calibration, "--calibration",
                 "data for integers' ranges, and to verify the result", false, true,
                 /*brief=*/true);
  AddTableOption(parser, options.table);
  parser.Add("--calibrator", convert.quantize.calibrator, "how ranges are chosen (default: best)")
      .TypeName("NAME")
      .WithoutDefault();
  parser.Add("--exclude", convert.quantize.exclude, "keep in float: node, operator or pattern")
      .TypeName("WHAT");
  parser.Add("--io", convert.io, "inputs, outputs").OneOf({"float", "int8", "uint8"});
  parser.AddFlag("--channels-last", options.channels_last,
                 "inputs and outputs become NHWC where it saves work");
  parser.Add("--signature", options.signature, "which of a TFLite model's (default: the first)")
      .TypeName("NAME")
      .WithoutDefault();
  AddSourceOptions(parser, options.source, /*signature=*/false);
  parser
      .AddFlag("--unverified", options.unverified,
               "a .pt2 is not compared with PyTorch, which need not be there")
      .Rare();
}

}  // namespace

Command convert() {
  return {"convert", "To ONNX or TFLite, verified in both runtimes", Group::kModel,
          [](Parser& parser) -> Run {
            auto options = std::make_shared<Options>();
            Configure(parser, *options);
            return [options](Context& context) { return Execute(*options, context); };
          },
          "  edgeopt convert model.onnx -o model.tflite"};
}

}  // namespace edgeopt::cli
