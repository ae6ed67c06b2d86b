#include "pipeline/plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "pipeline/alternatives.h"
#include "pipeline/dla_check.h"
#include "pipeline/facts.h"
#include "pipeline/mixed_precision.h"
#include "pipeline/shipping.h"
#include "pipeline/step_kind.h"
#include "report/text.h"

namespace edgeopt::pipeline {

using nlohmann::json;
using report::Decision;
using report::Imported;
using report::Record;
using report::Step;

namespace {

// Operators that hold less than this share of the multiply-accumulates (or of the weight bytes) are
// not worth a variant: the whole can't become noticeably faster (or smaller) by them.
constexpr double kWorthShare = 0.1;
// After a violation, --policy continue tries this many other calibrators, best output error first.
constexpr int kMoreCalibrators = 2;
// And mixed precision so many times more, each with more layers in float.
constexpr int kDeeperMixed = 2;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

PlannedStep Dynamic(const ModelFacts* facts) {
  PlannedStep step{"dynamic-int8", json::object(), true, ""};
  if (facts == nullptr) {
    step.why = "if matrix products hold a part of the work worth speaking of";
  } else if (facts->quantized) {
    step.applies = false;
    step.why = "the model is quantized already";
  } else {
    const double macs = Share(facts->dynamic_macs, facts->macs);
    const double bytes = Share(facts->dynamic_parameter_bytes, facts->parameter_bytes);
    step.applies = macs >= kWorthShare || (facts->macs == 0 && bytes >= kWorthShare);
    step.why = "MatMul, Gemm, attention and recurrent operators hold " +
               report::Number(macs * 100) + " % of the multiply-adds";
  }
  return step;
}

PlannedStep Static(const Record& record, const ModelFacts* facts) {
  PlannedStep step{"static-int8", json::object(), true, ""};
  step.parameters["calibrator"] = "auto";
  if (record.calibration.path.empty() && record.held_out_samples == 0) {
    step.applies = false;
    step.why = "there is no calibration data; give --calibration";
  } else if (facts == nullptr) {
    step.why = "int8 activations and weights by calibration";
  } else if (facts->quantized) {
    step.applies = false;
    step.why = "the model is quantized already";
  } else {
    const double macs = Share(facts->static_macs, facts->macs);
    step.applies = macs >= kWorthShare;
    step.why = "convolutions and matrix products hold " + report::Number(macs * 100) +
               " % of the multiply-adds";
  }
  return step;
}

PlannedStep TfliteFloat32(const Record& record) {
  return {"tflite-fp32", json::object(), true,
          record.format == "any" ? "LiteRT may be faster than ONNX Runtime"
                                 : "the format of " + record.device +
                                       ": verified, and what the others are compared with"};
}

PlannedStep TfliteFloat16(const ModelFacts* facts) {
  PlannedStep step{"tflite-fp16", json::object(), true, "half the size"};
  if (facts != nullptr && facts->quantized) {
    step.applies = false;
    step.why = "the model is quantized already";
  }
  return step;
}

PlannedStep TfliteInt8(const Record& record, const ModelFacts* facts) {
  PlannedStep step = Static(record, facts);
  step.kind = "tflite-int8";
  if (facts != nullptr && facts->quantized)
    step.why = "the model is quantized already; the conversion keeps its scales";
  return step;
}

std::vector<PlannedStep> TflitePlan(const Record& record, const ModelFacts* facts) {
  return {TfliteFloat32(record), TfliteFloat16(facts), TfliteInt8(record, facts)};
}

PlannedStep Float16(const ModelFacts* facts) {
  PlannedStep step{"fp16", json::object(), true, ""};
  if (facts == nullptr) {
    step.why = "if this CPU computes in 16-bit floats";
  } else if (facts->float16) {
    step.applies = false;
    step.why = "the model is in 16-bit floats already";
  } else {
    step.applies = facts->float16_gains && !facts->quantized;
    step.why = facts->float16_gains ? "this CPU computes in 16-bit floats"
                                    : "this CPU and runtime gain nothing by 16-bit floats";
  }
  return step;
}

PlannedStep TensorRtFloat16(const Record& record) {
  return {"tensorrt-fp16", json::object(), true,
          "half precision by types in the graph: nearly always accurate, and the first form for " +
              record.device};
}

PlannedStep TensorRtInt8(const Record& record, const ModelFacts* facts) {
  PlannedStep step = Static(record, facts);
  step.kind = "tensorrt-int8";
  step.parameters["rules"] = "tensorrt";
  if (facts != nullptr && facts->quantized)
    step.why = "the model is quantized already; tensorrt-fp16 keeps its scales";
  if (std::string why = Int8OffDla(record); step.applies && !why.empty()) {
    step.applies = false;
    step.why = std::move(why);
  }
  return step;
}

// Of the steps of these kinds that are below the floor the one that lost least.
const Step* BestViolation(const Record& record, std::initializer_list<std::string_view> kinds) {
  const auto loss = [&](const Step& step) {
    const Step* baseline = record.baseline();
    return step.accuracy && baseline->accuracy
               ? report::RelativeLoss(*baseline->accuracy, *step.accuracy)
               : INFINITY;
  };
  const Step* best = nullptr;
  for (const Step& step : record.steps)
    if (step.decision == Decision::kViolated && std::ranges::count(kinds, step.kind) > 0 &&
        (best == nullptr || loss(step) < loss(*best)))
      best = &step;
  return best;
}

// After int8 that lost too much accuracy: the layers that harm it most in 16-bit floats.
PlannedStep TensorRtMixed(const Record& record) {
  PlannedStep step{"tensorrt-mixed", json::object(), false,
                   "only after an int8 model below the accuracy floor"};
  step.parameters["rules"] = "tensorrt";
  const Step* violation = BestViolation(record, {"tensorrt-int8"});
  if (violation == nullptr) return step;
  const std::vector<std::string> ends = FirstAndLastInt8(*violation);
  if (const auto target = MixedTarget(record, *violation)) {
    step.why =
        "int8 alone is below the accuracy floor; the layers that harm the outputs most in 16-bit "
        "floats";
    step.parameters["target_sqnr_db"] = *target;
  } else if (!ends.empty()) {
    step.why = "int8 alone is below the accuracy floor; the first and last layer in 16-bit floats";
    step.parameters["exclude"] = ends;
  } else {
    return step;
  }
  step.applies = true;
  step.parameters["calibrator"] = "auto";
  return step;
}

std::vector<PlannedStep> TensorRtPlan(const Record& record, const ModelFacts* facts) {
  return {TensorRtFloat16(record), TensorRtInt8(record, facts), TensorRtMixed(record)};
}

// The other calibrators by their output error in the report of the automatic choice.
std::vector<std::string> RankedCalibrators(const Step& automatic) {
  std::vector<std::pair<double, std::string>> ranked;
  const auto candidates = automatic.details.is_object() ? automatic.details.find("candidates")
                                                        : automatic.details.end();
  if (candidates == automatic.details.end() || !candidates->is_array()) return {};
  for (const json& candidate : *candidates)
    if (candidate.is_object() && candidate.value("sqnr_db", json()).is_number())
      ranked.emplace_back(-candidate["sqnr_db"].get<double>(), candidate.value("calibrator", ""));
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (auto& [error, name] : ranked) names.push_back(std::move(name));
  return names;
}

// Under --policy continue: mixed precision again with more layers in float, by what the last one
// lost.
std::optional<Step> DeeperMixed(const Record& record) {
  int tried = 0;
  for (const Step& step : record.steps) {
    if (step.kind != "tensorrt-mixed") continue;
    if (step.decision != Decision::kViolated || !step.parameters.contains("target_sqnr_db"))
      return std::nullopt;
    ++tried;
  }
  if (tried == 0 || tried > kDeeperMixed) return std::nullopt;
  const Step& last = *BestViolation(record, {"tensorrt-mixed"});
  const auto target = MixedTarget(record, last);
  if (!target) return std::nullopt;
  json parameters = {{"rules", "tensorrt"}, {"calibrator", "auto"}, {"target_sqnr_db", *target}};
  return MakeStep(record, "tensorrt-mixed", std::move(parameters));
}

// Under --policy continue: the kind again with another calibrator, if one is left.
std::optional<Step> AnotherCalibrator(const Record& record, const std::string& kind) {
  const Step* first = nullptr;
  std::vector<std::string> used;
  for (const Step& step : record.steps) {
    if (step.kind != kind) continue;
    if (step.decision != Decision::kViolated) return std::nullopt;
    if (first == nullptr) first = &step;
    used.push_back(step.parameters.value("calibrator", ""));
  }
  if (first == nullptr || static_cast<int>(used.size()) > kMoreCalibrators) return std::nullopt;
  for (const std::string& name : RankedCalibrators(*first)) {
    if (std::find(used.begin(), used.end(), name) != used.end()) continue;
    json parameters = first->parameters;
    parameters["calibrator"] = name;
    return MakeStep(record, kind, std::move(parameters));
  }
  return std::nullopt;
}

std::optional<Step> Again(const Record& record, const std::string& kind) {
  const bool by_target = std::ranges::any_of(record.steps, [&](const Step& step) {
    return step.kind == kind && step.parameters.contains("target_sqnr_db");
  });
  return by_target ? DeeperMixed(record) : AnotherCalibrator(record, kind);
}

Result<std::vector<PlannedStep>> PlanOfFormat(const Record& record, const ModelFacts* known) {
  if (record.format == "tflite") return TflitePlan(record, known);
  if (record.format == "tensorrt") return TensorRtPlan(record, known);
  if (record.format != "onnx" && record.format != "any")
    return Unsupported("there is no plan for the format '" + record.format + "'",
                       "use onnx, tflite, tensorrt or any");
  std::vector<PlannedStep> plan = {
      {"simplify", json::object(), true, "folds and fuses; later steps build on it"},
      Dynamic(known),
      Static(record, known),
      Float16(known)};
  if (record.format == "any")
    std::ranges::move(TflitePlan(record, known), std::back_inserter(plan));
  return plan;
}

// Everything else is made of what was exported: without it there is nothing to go on with.
void AddExport(const Record& record, std::vector<PlannedStep>& plan) {
  const Imported& imported = *record.imported;
  const Step* exported = record.Find("export-model");
  const bool given_up =
      exported != nullptr && exported->decision != Decision::kPending && !exported->in_force();
  for (PlannedStep& step : plan) {
    if (given_up) {
      step.applies = false;
      step.why = "there is no exported model to make it of";
    } else if (step.kind == "tflite-fp32" && imported.model.ends_with(".tflite")) {
      step.applies = false;
      step.why = "the exported model is that";
    }
  }
  plan.insert(plan.begin(), {"export-model", json::object(), true,
                             "the model of " + imported.framework + " as " +
                                 (imported.model.ends_with(".tflite") ? "TFLite" : "ONNX") +
                                 ", read " + imported.way + "; later steps build on it"});
}

// The original takes the sizes that were asked for; what ships must have them.
void AddSetSizes(const Record& record, std::vector<PlannedStep>& plan) {
  const Step* sized = record.Find("set-sizes");
  const bool given_up =
      sized != nullptr && sized->decision != Decision::kPending && !sized->in_force();
  for (PlannedStep& step : plan) {
    if (!given_up) continue;
    step.applies = false;
    step.why = "there is no model with " + record.resized->asked + " to make it of";
  }
  plan.insert(plan.begin(), {"set-sizes", json::object(), true,
                             record.resized->asked + "; later steps build on it"});
}

}  // namespace

bool Tried(const Record& record, const std::string& kind) {
  return std::any_of(record.steps.begin(), record.steps.end(),
                     [&](const Step& step) { return step.kind == kind; });
}

bool IsMeasuredInFramework(const Record& record) {
  return record.imported && record.measuring.host.empty();
}

bool TargetMet(const Record& record) {
  const Step* best = record.best();
  return record.latency_target_ms && best != nullptr && Ships(record, *best) && best->latency &&
         !report::HasStandIn(record, *best) && best->latency->p50_ms <= *record.latency_target_ms;
}

bool TargetMissed(const Record& record) {
  return record.latency_target_ms && !TargetMet(record) &&
         !report::HasStandIn(record, *record.best());
}

Step MakeStep(const Record& record, const std::string& kind, json parameters) {
  Step step;
  step.kind = kind;
  step.id = kind;
  for (int number = 2; record.Find(step.id) != nullptr; ++number)
    step.id = kind + "-" + std::to_string(number);
  step.parameters = std::move(parameters);
  // Each quantization starts from floats: the simplified model, if that was kept, else the original
  // or what was exported of it, or made of it at other sizes.
  for (const Step& earlier : record.steps) {
    const bool is_basis =
        earlier.kind == "export-model" || earlier.kind == "set-sizes" || earlier.kind == "simplify";
    if (&earlier == record.baseline() || (is_basis && earlier.in_force())) step.input = earlier.id;
  }
  return step;
}

Result<std::vector<PlannedStep>> MakePlan(const Record& record) {
  EDGEOPT_TRY(const std::optional<ModelFacts> facts, KnownFacts(record));
  EDGEOPT_TRY(std::vector<PlannedStep> plan, PlanOfFormat(record, facts ? &*facts : nullptr));
  if (IsMeasuredInFramework(record)) AddExport(record, plan);
  if (record.resized && record.resized->original_takes_them) AddSetSizes(record, plan);
  return plan;
}

Result<std::optional<Step>> NextStep(const Record& record) {
  if (TargetMet(record)) return std::optional<Step>();
  EDGEOPT_TRY(const auto plan, MakePlan(record));
  for (const PlannedStep& planned : plan) {
    if (planned.applies && !Tried(record, planned.kind))
      return std::optional<Step>(MakeStep(record, planned.kind, planned.parameters));
    // Other calibrators come before what is behind it in the plan.
    const StepKind* kind = FindStepKind(planned.kind);
    if (kind != nullptr && kind->calibrates && record.policy == "continue")
      if (auto again = Again(record, planned.kind)) return again;
  }
  return std::optional<Step>();
}

}  // namespace edgeopt::pipeline
