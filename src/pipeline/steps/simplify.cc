// Step "simplify": the simplification passes, verified by the runtime on random and, where there is
// data, on calibration samples.
#include "pipeline/simplify.h"

#include "formats/onnx/onnx.h"
#include "pipeline/facts.h"
#include "pipeline/run_machine.h"
#include "pipeline/samples.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline::steps {
namespace {

// Real inputs reach what random ones don't (padding tokens, saturated values); a few are enough.
constexpr int64_t kDataSamples = 4;

Result<StepOutput> Make(StepInput input) {
  SimplifyOptions options;
  const auto specs = InputSpecsOf(input.model);
  EDGEOPT_TRY(DatasetPtr data, OpenCalibration(input.record, specs));
  const SizedSamples samples = SamplesFor(std::move(data), specs);
  if (samples.data != nullptr) {
    options.verification.data = &samples.source;
    options.verification.data_samples = std::min(kDataSamples, samples.count);
  }
  EDGEOPT_TRY(Simplified done,
              Simplify(input.model, options, input.runtime, input.sink, input.cancel));
  StepOutput output;
  output.model = std::move(done.model);
  output.suffix = "simplified";
  output.precision = input.record.Find(input.step.input)->precision;
  output.parameters = input.step.parameters;
  output.parameters["passes"] = nlohmann::json::array();
  for (const auto& pass : (*done.report)["passes"])
    output.parameters["passes"].push_back(pass["name"]);
  output.parameters["verified_on"] = (*done.report)["verified"];
  output.details = std::move(*done.report);
  // On a copy: what is written keeps no learnt types.
  ir::Model typed = output.model;
  EDGEOPT_CHECK_OK(formats::InferTypes(typed));
  output.details["model_facts"] =
      ToJson(InspectFacts(typed, Float16Gains(RunMachine(input.record))));
  output.warnings = std::move(done.warnings);
  return output;
}

}  // namespace

StepKind simplify() {
  return {"simplify", "Remove and fuse what the model does not need, verified by the runtime",
          false, false, Make};
}

}  // namespace edgeopt::pipeline::steps
