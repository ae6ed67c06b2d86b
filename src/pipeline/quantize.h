// The service behind `edgeopt quantize` and the workflow's quantization steps: a float model in, a
// quantized model and an account of what was done out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "measure/calibrate.h"
#include "passes/quantize/float16.h"
#include "runtimes/runtime.h"

namespace edgeopt::quant {
struct CalibrationTable;
}

namespace edgeopt::pipeline {

// What calibration runs on. Samples are taken in order, from the first.
struct CalibrationData {
  measure::SampleSource source;
  int64_t available = 0;
  std::string description;  // for the record: kind, path
  bool generated = false;   // random numbers instead of data: the result says so
};

struct QuantizeOptions {
  // int8, dynamic-int8 or fp16; int16x8 (int16 activations, int8 weights) with such a rule set.
  std::string precision = "int8";
  // A name of quant::Table(), or auto: the best of them on the data, or the table's. Of int16x8
  // that is minmax: 16 bits have steps to spare, and saturation is all that a smaller range adds.
  std::string calibrator = "auto";
  double percentile = 99.999;
  int64_t samples = 0;               // 0: all
  std::vector<std::string> exclude;  // names, operator types, patterns
  // Of int8 with data: beside these, the layers that harm the outputs most are left in float, as
  // few as bring the outputs to this SQNR in dB (pipeline/mixed_precision.h).
  std::optional<double> target_sqnr_db;
  std::string rules = "onnxruntime-x64";  // a name of passes::quantize::RuleSets()
  // Of fp16: what happens to the quantized part of a model in Q/DQ form. Other than kCasts, it is
  // for TensorRT: ONNX Runtime proves it with int8 computed in float.
  passes::quantize::QuantizedPart quantized_part = passes::quantize::QuantizedPart::kCasts;
  bool reduced_range = false;  // 7-bit weights: x86 without VNNI
  // Where the ranges come from instead of data; it must outlive the call.
  const quant::CalibrationTable* table = nullptr;
  // The table that is returned is to serve other rule sets, too: what any of them needs is
  // observed, with histograms.
  bool shared_table = false;
  std::string model_sha256;  // of the model's file, for the table; empty: not recorded
  // Loads a quantized model where it is to run, for ranking calibrators and for the proof that it
  // works; called from several threads. Empty: the runtime of the call loads it.
  std::function<Result<std::unique_ptr<runtimes::Session>>(const ir::Model&)> load;
  int workers = 2;
};

struct Quantized {
  ir::Model model;
  // What `--json` prints: options in force, decisions by node, ranges and their stability, fidelity
  // against float on calibration samples.
  std::unique_ptr<nlohmann::json> report;
  // The calibration table (quant/calibration_table.h) as JSON, null when nothing was calibrated.
  std::unique_ptr<nlohmann::json> table;
  std::vector<std::string> warnings;
};

// The model should be simplified. `data` may be null for dynamic-int8 and fp16, and with a table.
// The result has been loaded by the runtime and run on calibration samples. Errors: Unsupported
// when nothing can be quantized, BadInput for data that does not fit, Usage for options that name
// nothing.
Result<Quantized> Quantize(const ir::Model& model, const QuantizeOptions& options,
                           const CalibrationData* data, runtimes::Runtime& runtime, Sink& sink,
                           const CancelToken* cancel);

}  // namespace edgeopt::pipeline
