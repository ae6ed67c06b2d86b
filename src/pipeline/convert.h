// The service behind `edgeopt convert`: an ONNX model as a TFLite file, with the proof that LiteRT
// computes what ONNX Runtime computes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "formats/tflite/file.h"
#include "ir/model.h"
#include "pipeline/convert_types.h"
#include "pipeline/oracle.h"
#include "pipeline/quantize.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct ConvertOptions {
  // fp32; fp16: weights in float16; dynamic-int8: weights in int8, activations quantized by LiteRT
  // while it runs; int8: everything that LiteRT computes in int8, by calibration; int16x8: the same
  // with int16 activations, which is more exact and slower (XNNPACK has no such kernels).
  // A model that is quantized already keeps its scales.
  std::string precision = "fp32";
  // Of int8, or of a quantized model: what inputs and outputs are, float, int8 or uint8.
  std::string io = "float";
  // int8 and int16x8: calibrator, samples, exclusions, table; precision and rules are set.
  QuantizeOptions quantize;
  const CalibrationData* calibration = nullptr;  // int8 and int16x8, unless there is a table
  // Image-like inputs, and outputs, become channels-last; false: they keep the order that they
  // have.
  bool channels_last_inputs = false, channels_last_outputs = false;
  OracleInputs verification;
};

struct Converted {
  formats::tflite::File file;
  // Null unless calibrated: the calibration table as JSON.
  std::unique_ptr<nlohmann::json> table;
  // Nodes before and after, transposes that are left, differences of the outputs, boundary changes;
  // documented in docs/formats/answers.md.
  std::unique_ptr<nlohmann::json> report;
  std::vector<std::string> warnings;
};

// Both runtimes run the result and the original on the same inputs. GateFailed when they differ by
// more than float arithmetic explains: nothing that computes something else is handed out.
// Unsupported names all nodes that TFLite can't express.
Result<Converted> Convert(const ir::Model& model, const ConvertOptions& options,
                          runtimes::Runtime& onnxruntime, const LoadTflite& litert, Sink& sink,
                          const CancelToken* cancel);

}  // namespace edgeopt::pipeline
