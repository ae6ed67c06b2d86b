#include "pipeline/tflite_step.h"

#include <algorithm>

#include "data/preprocessing.h"
#include "pipeline/convert.h"
#include "pipeline/quantize_step.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {

// Real inputs reach what random ones don't; a few are enough.
constexpr int64_t kVerifiedSamples = 4;

// How images become this model's inputs; null where the data is taken as it is.
std::shared_ptr<const data::Preprocessing> PreprocessingOf(const DatasetPtr& data) {
  if (data == nullptr || data->preprocessing() == nullptr) return nullptr;
  return {data, data->preprocessing()};
}

// The inputs whose order of axes is the preprocessing's to choose: all of them, or the model keeps
// the order of all.
bool ImagesOnly(const ir::Model& model, const data::Preprocessing* preprocessing) {
  if (preprocessing == nullptr) return false;
  return std::ranges::all_of(InputSpecsOf(model), [&](const data::InputSpec& spec) {
    return preprocessing->For(spec.name) != nullptr;
  });
}

// The description for the converted model.
data::Preprocessing ChannelsLast(data::Preprocessing preprocessing, const json& changed_order) {
  for (const json& changed : changed_order)
    for (data::InputPreprocessing& input : preprocessing.inputs)
      if (input.name.empty() || input.name == changed["name"]) input.layout = data::Layout::kNhwc;
  return preprocessing;
}

// The quantizer's account where there is one, as other quantized steps have it, with the
// conversion's beside it.
json DetailsOf(json report) {
  json details = json::object();
  if (report.contains("quantization")) details = std::move(report["quantization"]);
  report.erase("quantization");
  details["conversion"] = std::move(report);
  return details;
}

}  // namespace

Result<StepOutput> TfliteStep(StepInput input, const std::string& precision) {
  ConvertOptions options;
  EDGEOPT_TRY(options.quantize, QuantizeOptionsOf(input.record, input.step, precision));
  options.precision = precision;
  options.quantize.model_sha256 = input.record.model_sha256;
  const auto specs = InputSpecsOf(input.model);
  EDGEOPT_TRY(const DatasetPtr data,
              OpenCalibration(input.record, specs, options.quantize.samples));
  CalibrationData calibration;
  const SizedSamples samples = SamplesFor(data, specs);
  if (samples.data != nullptr) {
    calibration = {samples.source, samples.count, samples.data->Describe()};
    options.calibration = &calibration;
    options.verification.data = &calibration.source;
    options.verification.data_samples = std::min(kVerifiedSamples, samples.count);
  }
  const auto preprocessing = PreprocessingOf(data);
  options.channels_last_inputs = ImagesOnly(input.model, preprocessing.get());
  EDGEOPT_TRY(Converted done,
              Convert(input.model, options, input.runtime, input.litert, input.sink, input.cancel));
  StepOutput output;
  output.parameters = {{"verified_on", (*done.report)["verified"]}};
  if (const json quantized = done.report->value("quantization", json()); !quantized.is_null())
    output.parameters.update(QuantizationInForce(options.quantize, quantized));
  if (preprocessing != nullptr)
    output.files["preprocessing.toml"] =
        data::ToToml(ChannelsLast(*preprocessing, (*done.report)["changed_order"]));
  if (done.table != nullptr && !done.table->is_null())
    output.files["calibration_table.json"] = done.table->dump() + "\n";
  output.details = DetailsOf(std::move(*done.report));
  output.tflite = std::make_shared<const formats::tflite::File>(std::move(done.file));
  output.warnings = std::move(done.warnings);
  return output;
}

}  // namespace edgeopt::pipeline
