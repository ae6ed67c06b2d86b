#include "pipeline/alternatives.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "devices/device.h"
#include "pipeline/facts.h"
#include "pipeline/mixed_precision.h"
#include "pipeline/plan.h"
#include "pipeline/step_kind.h"
#include "quant/calibrator.h"

namespace edgeopt::pipeline {

using nlohmann::json;
using report::Record;
using report::Step;
using report::Suggestion;

namespace {

constexpr size_t kMaxCalibrators = 2;

// What the user would have to make outside of this run.
void SuggestOtherModels(const Record& record, const std::string& kind,
                        std::vector<Suggestion>& list) {
  if (record.format != "tensorrt" || (kind != "tensorrt-int8" && kind != "tensorrt-mixed")) return;
  const std::string device = " --device " + record.device;
  list.push_back({"quantization-aware training in your framework; the Q/DQ of its export is kept",
                  "edgeopt optimize TRAINED.onnx" + device});
  list.push_back({"a smaller model", "edgeopt optimize SMALLER.onnx" + device});
}

// More calibration samples than this change nothing.
int64_t MostSamples(const Record& record) {
  const auto device = devices::FindDevice(record.device);
  return device.ok() ? (*device)->calibration.most : devices::Device().calibration.most;
}

std::set<std::string> UsedCalibrators(const Record& record, const std::string& kind) {
  std::set<std::string> used;
  for (const Step& step : record.steps)
    if (step.kind == kind) used.insert(step.parameters.value("calibrator", ""));
  return used;
}

// The automatic choice ranked all of them by their output error; else the table's order.
std::vector<std::string> UnusedCalibrators(const Record& record, const Step& violation) {
  std::vector<std::pair<double, std::string>> ranked;
  if (violation.details.is_object() && violation.details.contains("candidates"))
    for (const json& candidate : violation.details["candidates"])
      if (candidate.value("sqnr_db", json()).is_number())
        ranked.emplace_back(-candidate["sqnr_db"].get<double>(), candidate.value("calibrator", ""));
  std::sort(ranked.begin(), ranked.end());
  if (ranked.empty())
    for (const quant::Calibrator& calibrator : quant::Table())
      ranked.emplace_back(0, calibrator.name);
  const std::set<std::string> used = UsedCalibrators(record, violation.kind);
  std::vector<std::string> names;
  for (const auto& [error, name] : ranked)
    if (!used.contains(name) && names.size() < kMaxCalibrators) names.push_back(name);
  return names;
}

bool Float16Gains(const Record& record) {
  const auto facts = FactsFromJson(record.model_facts);
  return facts.ok() && facts->float16_gains && !facts->float16;
}

}  // namespace

namespace {

// Kinds of steps that take "target_sqnr_db".
bool MixesPrecision(std::string_view kind) {
  return kind == "static-int8" || kind == "tensorrt-int8" || kind == "tensorrt-mixed";
}

Status AddMixed(const Record& record, const Step& violation, const std::string& kind,
                json& parameters) {
  if (!MixesPrecision(kind))
    return UsageError(
        "a step of kind '" + kind + "' can't leave its most sensitive layers in float",
        "leave --mixed out; --exclude names layers");
  const auto target = MixedTarget(record, violation);
  if (!target)
    return UsageError("step '" + violation.id + "' does not tell how far its outputs are off",
                      "leave --mixed out; --exclude names layers");
  parameters["target_sqnr_db"] = *target;
  return OkStatus();
}

}  // namespace

std::vector<std::string> FirstAndLastInt8(const Step& violation) {
  static const std::set<std::string> kWeighty = {"Conv", "MatMul", "Gemm"};
  std::vector<std::string> names;
  if (!violation.details.is_object()) return {};
  for (const json& node : violation.details.value("nodes", json::array()))
    if (node.value("int8", false) && kWeighty.contains(node.value("op_type", "")))
      names.push_back(node.value("name", ""));
  if (names.empty()) return {};
  return names.size() == 1 ? names : std::vector<std::string>{names.front(), names.back()};
}

std::vector<Suggestion> Alternatives(const Record& record, const Step& violation,
                                     const std::string& work) {
  std::vector<Suggestion> list;
  const std::string resume = "edgeopt resume " + ShellQuoted(work);
  const StepKind* kind = FindStepKind(violation.kind);
  if (kind != nullptr && kind->calibrates) {
    for (const std::string& name : UnusedCalibrators(record, violation))
      list.push_back({"another calibrator", resume + " --calibrator " + name});
    const int64_t used = violation.parameters.value("samples", int64_t{0});
    const int64_t more = std::min({record.calibration.samples, 4 * used, MostSamples(record)});
    if (record.held_out_samples == 0 && used > 0 && used < more)
      list.push_back({"more calibration samples", resume + " --samples " + std::to_string(more)});
  }
  if (kind != nullptr && kind->is_int8) {
    if (MixesPrecision(violation.kind) && MixedTarget(record, violation))
      list.push_back({std::string("mixed precision: the layers that harm the outputs most in ") +
                          (record.format == "tensorrt" ? "16-bit floats" : "float"),
                      resume + " --mixed"});
    std::string exclude;
    for (const std::string& name : FirstAndLastInt8(violation))
      exclude += " --exclude " + ShellQuoted(name);
    const char* what = record.format == "tensorrt"
                           ? "mixed precision: first and last layer in 16-bit floats"
                           : "first and last layer in float";
    if (!exclude.empty()) list.push_back({what, resume + exclude});
  }
  if (record.format != "tensorrt" && violation.format() == "onnx" && violation.kind != "fp16" &&
      violation.kind != "export-model" && violation.kind != "set-sizes" && Float16Gains(record) &&
      !Tried(record, "fp16"))
    list.push_back({"16-bit floats instead", resume + " --precision fp16"});
  SuggestOtherModels(record, violation.kind, list);
  list.push_back({"go on without it", resume + " --revert"});
  list.push_back({"take it all the same", "edgeopt accept " + violation.id + " --work " +
                                              ShellQuoted(work) + " --reason TEXT"});
  return list;
}

Result<Step> MakeRetry(const Record& record, const Step& violation, const Retry& retry) {
  static const std::map<std::string, std::string> kOnnx = {
      {"int8", "static-int8"}, {"dynamic-int8", "dynamic-int8"}, {"fp16", "fp16"}};
  static const std::map<std::string, std::string> kTflite = {
      {"int8", "tflite-int8"}, {"fp16", "tflite-fp16"}, {"fp32", "tflite-fp32"}};
  static const std::map<std::string, std::string> kTensorRt = {{"int8", "tensorrt-int8"},
                                                               {"fp16", "tensorrt-fp16"}};
  const auto& kinds = violation.kind.starts_with("tflite")     ? kTflite
                      : violation.kind.starts_with("tensorrt") ? kTensorRt
                                                               : kOnnx;
  std::string kind = violation.kind;
  if (!retry.precision.empty()) {
    const auto found = kinds.find(retry.precision);
    std::string known;
    for (const auto& [name, unused] : kinds) known += (known.empty() ? "" : ", ") + name;
    if (found == kinds.end())
      return UsageError("unknown precision '" + retry.precision + "'", "known: " + known);
    kind = found->second;
  }
  const StepKind* made = FindStepKind(kind);
  if ((made == nullptr || !made->calibrates) && (!retry.calibrator.empty() || retry.samples))
    return UsageError("step '" + violation.id + "' has no calibration to change",
                      "leave --calibrator and --samples out");
  if (kind == "simplify")
    return UsageError("there is nothing to change about 'simplify'", "use --revert");
  json parameters = kind == violation.kind ? violation.parameters : json::object();
  if (!retry.calibrator.empty()) {
    EDGEOPT_CHECK_OK(quant::FindCalibrator(retry.calibrator));
    parameters["calibrator"] = retry.calibrator;
  }
  if (retry.samples) parameters["samples"] = *retry.samples;
  // What an earlier search chose is not forced upon the next one; without a search it stays.
  if (parameters.contains("target_sqnr_db"))
    parameters.erase(retry.mixed ? "exclude" : "target_sqnr_db");
  if (retry.mixed) EDGEOPT_CHECK_OK(AddMixed(record, violation, kind, parameters));
  for (const std::string& pattern : retry.exclude) parameters["exclude"].push_back(pattern);
  return MakeStep(record, kind, std::move(parameters));
}

std::string ShellQuoted(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./:,+@%=").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace edgeopt::pipeline
