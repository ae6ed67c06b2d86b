#include "pipeline/tensorrt_step.h"

#include <algorithm>

#include "pipeline/quantize_step.h"
#include "pipeline/samples.h"
#include "pipeline/simplify.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {

// Real inputs reach what random ones don't; a few are enough to verify a simplification.
constexpr int64_t kSimplifiedOn = 4;

class TensorRtMaker {
 public:
  TensorRtMaker(StepInput input, std::string precision)
      : input_(std::move(input)), precision_(std::move(precision)) {}

  Result<StepOutput> Make() {
    EDGEOPT_CHECK_OK(OpenData());
    EDGEOPT_TRY(const Simplified simplified, SimplifyInput());
    EDGEOPT_TRY(ir::Model model, precision_ == "int8" ? ToInt8(simplified.model)
                                                      : Result<ir::Model>(simplified.model));
    EDGEOPT_TRY(Quantized half, ToFloat16(model));
    output_.model = std::move(half.model);
    if (precision_ == "int8")
      output_.details["float16"] = std::move(*half.report);
    else
      output_.details = std::move(*half.report);
    output_.details["simplification"] = std::move(*simplified.report);
    AddWarnings(half.warnings);
    return std::move(output_);
  }

 private:
  Status OpenData() {
    EDGEOPT_TRY(options_, QuantizeOptionsOf(input_.record, input_.step, precision_));
    options_.rules = input_.step.parameters.value("rules", "tensorrt");
    options_.reduced_range = false;  // that is for x86 CPUs
    options_.model_sha256 = input_.record.model_sha256;
    const auto specs = InputSpecsOf(input_.model);
    EDGEOPT_TRY(DatasetPtr data, OpenCalibration(input_.record, specs, options_.samples));
    samples_ = SamplesFor(std::move(data), specs);
    if (samples_.data != nullptr)
      calibration_ = {samples_.source, samples_.count, samples_.data->Describe()};
    return OkStatus();
  }

  const CalibrationData* calibration() const {
    return samples_.data != nullptr ? &calibration_ : nullptr;
  }

  Result<Simplified> SimplifyInput() {
    SimplifyOptions options;
    if (samples_.data != nullptr) {
      options.verification.data = &calibration_.source;
      options.verification.data_samples = std::min(kSimplifiedOn, samples_.count);
    }
    EDGEOPT_TRY(Simplified done,
                Simplify(input_.model, options, input_.runtime, input_.sink, input_.cancel));
    AddWarnings(done.warnings);
    return done;
  }

  Result<ir::Model> ToInt8(const ir::Model& model) {
    EDGEOPT_TRY(Quantized done, Quantize(model, options_, calibration(), input_.runtime,
                                         input_.sink, input_.cancel));
    output_.parameters = QuantizationInForce(options_, *done.report);
    output_.details = std::move(*done.report);
    if (done.table != nullptr && !done.table->is_null())
      output_.files["calibration_table.json"] = done.table->dump() + "\n";
    AddWarnings(done.warnings);
    return std::move(done.model);
  }

  Result<Quantized> ToFloat16(const ir::Model& model) {
    QuantizeOptions options = options_;
    options.precision = "fp16";
    options.quantized_part = passes::quantize::QuantizedPart::kFloat32;
    // Left out of int8 is not left out of float16.
    if (precision_ == "int8")
      options.exclude.clear();
    else
      output_.parameters["exclude"] = options.exclude;
    return Quantize(model, options, calibration(), input_.runtime, input_.sink, input_.cancel);
  }

  void AddWarnings(const std::vector<std::string>& warnings) {
    output_.warnings.insert(output_.warnings.end(), warnings.begin(), warnings.end());
  }

  StepInput input_;
  const std::string precision_;
  QuantizeOptions options_;
  SizedSamples samples_;
  CalibrationData calibration_;
  StepOutput output_;
};

}  // namespace

Result<StepOutput> TensorRtStep(StepInput input, const std::string& precision) {
  return TensorRtMaker(std::move(input), precision).Make();
}

}  // namespace edgeopt::pipeline
