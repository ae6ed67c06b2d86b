#include "pipeline/import_attempts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace edgeopt::pipeline {

using frameworks::Kind;

namespace {

struct Exporter {
  const char* name;
  std::vector<int64_t> opsets;  // the usual one first
};

// PyTorch's dynamo exporter writes opset 18 or newer; for an older one it converts what it wrote,
// which often fails (torch.onnx.export, `opset_version`). 17 is what every runtime here reads, and
// 13 the oldest with per-channel Q/DQ.
std::vector<Exporter> ExportersOf(Kind kind, bool to_tflite) {
  switch (kind) {
    case Kind::kPt2:
      return {{"natively", {0}}, {"dynamo", {18, 20}}};
    case Kind::kTorchScript:
      return {{"torchscript", {17, 20, 13}}, {"dynamo", {18, 20}}};
    case Kind::kModule:
    case Kind::kPickle:
      return {{"dynamo", {18, 20}}, {"torchscript", {17, 13}}};
    case Kind::kSavedModel:
    case Kind::kKeras:
    case Kind::kH5:
      break;
  }
  if (to_tflite) return {{"tflite", {0}}};
  return {{"tf2onnx", {17, 15, 13}}};
}

}  // namespace

std::string Describe(const ImportAttempt& attempt) {
  return attempt.way + (attempt.opset > 0 ? ", opset " + std::to_string(attempt.opset) : "") +
         (attempt.simplified ? ", simplified" : "") + (attempt.fixed ? ", sizes fixed" : "");
}

nlohmann::json ToJson(const ImportAttempt& attempt) {
  return {{"way", attempt.way},
          {"opset", attempt.opset > 0 ? nlohmann::json(attempt.opset) : nlohmann::json()},
          {"simplified", attempt.simplified},
          {"fixed_sizes", attempt.fixed}};
}

std::vector<ImportAttempt> ImportAttempts(Kind kind, bool to_tflite, bool is_dynamic,
                                          const ImportChoice& choice) {
  std::vector<ImportAttempt> attempts;
  for (const Exporter& exporter : ExportersOf(kind, to_tflite)) {
    if (!choice.exporter.empty() && choice.exporter != exporter.name) continue;
    const bool chooses = choice.opset > 0 && exporter.opsets.front() > 0;
    const std::vector<int64_t> opsets = chooses ? std::vector{choice.opset} : exporter.opsets;
    for (const int64_t opset : opsets) attempts.push_back({exporter.name, opset});
  }
  if (attempts.empty()) return attempts;
  // What comes last changes more than how the file is written.
  const auto by_worker = std::find_if(attempts.begin(), attempts.end(), [](const auto& attempt) {
    return attempt.way != "natively";
  });
  ImportAttempt again = by_worker != attempts.end() ? *by_worker : attempts.front();
  if (!to_tflite) {
    again.simplified = true;
    attempts.push_back(again);
  }
  if (is_dynamic) {
    again.fixed = true;
    attempts.push_back(again);
    // It follows TorchScript through one run, so with fixed sizes alone.
    if (kind == Kind::kTorchScript && again.way != "dynamo" && choice.exporter.empty())
      attempts.push_back({"dynamo", choice.opset > 0 ? choice.opset : 18, true, true});
  }
  return attempts;
}

}  // namespace edgeopt::pipeline
