// A finished run as a record, for the tests of reports.
#pragma once

#include "report/record.h"

namespace edgeopt::report {

inline Step SampleStep(const std::string& id, double p50_ms, double accuracy, int64_t size_bytes) {
  Step step;
  step.id = step.kind = id;
  step.parameters = nlohmann::json::object();
  step.output = "variants/net_" + id + ".onnx";
  step.sha256 = std::string(64, 'b');
  step.size_bytes = size_bytes;
  step.precision = "float32";
  step.latency = Latency{p50_ms,
                         p50_ms * 1.02,
                         p50_ms * 1.05,
                         p50_ms * 1.2,
                         p50_ms * 1.01,
                         {p50_ms * 0.99, p50_ms * 1.01, 0.95, "order statistics"},
                         {p50_ms * 1.03, p50_ms * 1.08, 0.95, "order statistics"},
                         {p50_ms * 1.1, p50_ms * 1.3, 0.78, "order statistics"},
                         150,
                         1000 / p50_ms,
                         12.5,
                         30'000'000,
                         2};
  step.accuracy = Accuracy{accuracy, 10000, {accuracy - 0.006, accuracy + 0.005, 0.95, "Wilson"},
                           true,     "",    {{"ties", 24}},
                           {}};
  step.measured_under = {{"machine", {{"cpu", "a CPU"}}}, {"settings", {{"threads", 2}}}};
  step.decision = Decision::kKept;
  step.reason = "a reason";
  return step;
}

// Baseline 10 ms and 0.9; simplify kept; static-int8 4 ms and 0.891 kept; fp16 reverted.
inline Record SampleRecord() {
  Record record;
  record.tool_version = "1.2.3";
  record.model_path = "/models/net.onnx";
  record.model_name = "net";
  record.model_sha256 = std::string(64, 'a');
  record.model_size_bytes = 20'000'000;
  record.source_format = "onnx";
  record.device = "cpu-generic";
  record.device_title = "a CPU";
  record.latency_label = "Host Estimate (not target hardware)";
  record.runtime = "onnxruntime";
  record.runtime_version = "1.31.1";
  record.data.path = "/data/val";
  record.data.samples = 10000;
  record.preprocessing = "/data/pre.toml";
  record.metric = "top1";
  record.machine = {{"cpu", "a CPU"}};
  record.started_at = "2025-01-01T00:00:00Z";
  record.finished_at = "2025-01-01T00:10:00Z";
  record.original_unchanged = true;
  Step baseline = SampleStep("baseline", 10, 0.9, 20'000'000);
  baseline.output = record.model_path;
  Step simplify = SampleStep("simplify", 10, 0.9, 19'900'000);
  simplify.input = "baseline";
  simplify.vs_baseline = Speedup{1, {0.98, 1.02, 0.95, "sign test"}};
  Step quantized = SampleStep("static-int8", 4, 0.891, 5'000'000);
  quantized.input = "simplify";
  quantized.precision = "int8";
  quantized.vs_baseline = Speedup{2.5, {2.4, 2.6, 0.95, "sign test"}};
  quantized.accuracy->against_baseline =
      PairedDifference{"McNemar, exact", -0.009, {-0.012, -0.006, 0.95, "bootstrap"}, 0.004, 10000};
  quantized.warnings = {"only 50 calibration samples"};
  Step half = SampleStep("fp16", 13, 0.9, 10'000'000);
  half.input = "simplify";
  half.precision = "float16";
  half.vs_baseline = Speedup{0.77, {0.75, 0.79, 0.95, "sign test"}};
  half.decision = Decision::kReverted;
  half.reason = "1.30 times slower than the baseline";
  record.steps = {baseline, simplify, quantized, half};
  return record;
}

}  // namespace edgeopt::report
