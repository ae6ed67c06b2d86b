#include "pipeline/quantize_step.h"

#include <algorithm>
#include <thread>

#include "pipeline/run_machine.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {

QuantizeOptions OptionsFrom(const json& parameters, const std::string& precision,
                            const measure::Machine& machine) {
  QuantizeOptions options;
  options.precision = precision;
  options.calibrator = parameters.value("calibrator", options.calibrator);
  options.percentile = parameters.value("percentile", options.percentile);
  options.samples = parameters.value("samples", options.samples);
  options.exclude = parameters.value("exclude", options.exclude);
  if (parameters.contains("target_sqnr_db"))
    options.target_sqnr_db = parameters["target_sqnr_db"].get<double>();
  options.rules = parameters.value(
      "rules", machine.architecture == "aarch64" ? "onnxruntime-arm64" : "onnxruntime-x64");
  options.reduced_range = parameters.value("reduced_range", machine.saturates_in_int8());
  options.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return options;
}

}  // namespace

Result<QuantizeOptions> QuantizeOptionsOf(const report::Record& record, const report::Step& step,
                                          const std::string& precision) {
  try {
    return OptionsFrom(step.parameters, precision, RunMachine(record));
  } catch (const json::exception& error) {
    return BadInput("parameters of step '" + step.id + "': " + error.what());
  }
}

json QuantizationInForce(const QuantizeOptions& options, const json& report) {
  json parameters = {{"exclude", report.value("excluded", options.exclude)}};
  if (options.target_sqnr_db) parameters["target_sqnr_db"] = *options.target_sqnr_db;
  for (const char* name : {"calibrator", "samples", "rules", "reduced_range", "generated_data"})
    if (report.contains(name)) parameters[name] = report[name];
  if (report.value("calibrator", "") == "percentile") parameters["percentile"] = options.percentile;
  return parameters;
}

Result<StepOutput> QuantizeStep(StepInput input, const std::string& precision) {
  EDGEOPT_TRY(QuantizeOptions options, QuantizeOptionsOf(input.record, input.step, precision));
  options.model_sha256 = input.record.model_sha256;
  const auto specs = InputSpecsOf(input.model);
  EDGEOPT_TRY(DatasetPtr data, OpenCalibration(input.record, specs, options.samples));
  const SizedSamples samples = SamplesFor(std::move(data), specs);
  CalibrationData calibration;
  if (samples.data != nullptr)
    calibration = {samples.source, samples.count, samples.data->Describe()};
  EDGEOPT_TRY(Quantized done, Quantize(input.model, options, samples.data ? &calibration : nullptr,
                                       input.runtime, input.sink, input.cancel));
  StepOutput output;
  output.model = std::move(done.model);
  output.parameters = QuantizationInForce(options, *done.report);
  output.details = std::move(*done.report);
  if (done.table != nullptr && !done.table->is_null())
    output.files["calibration_table.json"] = done.table->dump() + "\n";
  output.warnings = std::move(done.warnings);
  return output;
}

}  // namespace edgeopt::pipeline
