#include "pipeline/quantized_proof.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "measure/fitting_inputs.h"
#include "measure/profile.h"

namespace edgeopt::pipeline {
namespace {

// Enough samples to rank calibrators by their outputs' SQNR: with more the order rarely changes.
constexpr int64_t kRankingSamples = 32;
// And to tell that the model works, when there is nothing to rank.
constexpr int64_t kConfirmingSamples = 8;
// Below it the error is a tenth of the signal's power or more. Int8 models that kept their accuracy
// have 15 to 40 dB.
constexpr double kPoorSqnrDb = 10;

}  // namespace

Result<std::unique_ptr<runtimes::Session>> QuantizedProof::LoadFloat() const {
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(original_));
  runtimes::SessionOptions options;
  options.threads = options_.workers;
  return runtime_.LoadBytes(std::as_bytes(std::span(bytes)), options);
}

Status QuantizedProof::RunFloat() {
  if (reference_) return OkStatus();
  EDGEOPT_TRY(const auto session, LoadFloat());
  const int64_t count =
      std::min(options_.ranks ? kRankingSamples : kConfirmingSamples, options_.samples);
  EDGEOPT_TRY(reference_,
              FidelityReference::Make(*session, *options_.source, options_.samples - count, count,
                                      options_.cancel));
  return OkStatus();
}

runtimes::SessionOptions QuantizedProof::Options(int threads) const {
  runtimes::SessionOptions options;
  options.threads = threads;
  if (options_.emulated) options.optimization = runtimes::GraphOptimization::kNone;
  return options;
}

Result<std::unique_ptr<runtimes::Session>> QuantizedProof::Load(
    const ir::Model& variant, const runtimes::SessionOptions& options) const {
  if (options_.load) return options_.load(variant);
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(variant));
  return runtime_.LoadBytes(std::as_bytes(std::span(bytes)), options);
}

Result<double> QuantizedProof::Score(const ir::Model& candidate) const {
  // The other cores rank other candidates.
  EDGEOPT_TRY(const auto session, Load(candidate, Options(1)));
  EDGEOPT_TRY(const Fidelity fidelity, reference_->Compare(*session));
  return fidelity.score_db();
}

Status QuantizedProof::Confirm(ir::Model& made, nlohmann::json& report,
                               const std::function<void(std::string)>& warn) {
  // The float model runs while the quantized one is checked and loaded.
  std::future<Status> float_outputs;
  if (has_data()) float_outputs = std::async(std::launch::async, [this] { return RunFloat(); });
  EDGEOPT_CHECK_OK(formats::InferTypes(made));
  EDGEOPT_CHECK_OK(formats::CheckModel(made));
  runtimes::SessionOptions options = Options(options_.workers);
  options.profile = profiled();
  const auto session = Load(made, options);
  if (!session.ok()) return session.error().Within("the quantized model");
  if (float_outputs.valid()) EDGEOPT_CHECK_OK(float_outputs.get());
  if (has_data()) {
    const auto fidelity = reference_->Compare(**session);
    if (!fidelity.ok()) return fidelity.error().Within("the quantized model");
    report["fidelity"] = fidelity->ToJson();
  } else if (const Status ran = RunOnRandom(**session, warn); !ran.ok()) {
    return ran.error().Within("the quantized model");
  }
  if (!profiled()) return OkStatus();
  EDGEOPT_TRY(const auto events, (*session)->EndProfile());
  measure::Profile profile =
      measure::MakeProfile(measure::MeanOfRuns(events), static_cast<int64_t>(events.size()));
  measure::ExplainFloat(made, profile);
  report["kernels"] = measure::ToJson(profile);
  return OkStatus();
}

Result<std::vector<ir::Tensor>> QuantizedProof::RandomInputs() const {
  EDGEOPT_TRY(const auto original, LoadFloat());
  const auto run = [&original](const std::vector<ir::Tensor>& inputs) -> Status {
    EDGEOPT_TRY(const auto outputs, original->Run(inputs));
    return OkStatus();
  };
  return measure::FittingInputs(original->inputs(), run);
}

// Random inputs prove little; but NaN where the float model has none is a failure, and outputs that
// have nothing in common are worth a warning.
Status QuantizedProof::RunOnRandom(runtimes::Session& session,
                                   const std::function<void(std::string)>& warn) const {
  const auto inputs = RandomInputs();
  if (!inputs.ok()) {
    warn("not run: random inputs do not fit this model (" + inputs.error().message +
         "); give data (--calibration)");
    return OkStatus();
  }
  EDGEOPT_TRY(const auto outputs, session.Run(*inputs));
  const measure::SampleSource source = [&inputs](int64_t) { return *inputs; };
  EDGEOPT_TRY(const auto original, LoadFloat());
  const auto reference = FidelityReference::Make(*original, source, 0, 1, options_.cancel);
  if (!reference.ok()) {
    warn("not compared with float: on random inputs " + reference.error().message +
         "; give data (--calibration)");
    return OkStatus();
  }
  EDGEOPT_TRY(const Fidelity compared, reference->Compare(session));
  for (const OutputFidelity& output : compared.outputs)
    if (output.sqnr_db < kPoorSqnrDb)
      warn("on random inputs output '" + output.name + "' has a signal-to-noise ratio of " +
           std::to_string(std::lround(output.sqnr_db)) +
           " dB against float; measure the accuracy before using this model (edgeopt evaluate, "
           "edgeopt compare)");
  return OkStatus();
}

}  // namespace edgeopt::pipeline
