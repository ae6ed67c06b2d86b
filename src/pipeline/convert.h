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
#include "pipeline/oracle.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct ConvertOptions {
  std::string precision = "fp32";  // fp32 or fp16
  // Image-like inputs and outputs become channels-last; false: they keep the order that they have.
  bool channels_last = false;
  OracleInputs verification;
};

struct Converted {
  formats::tflite::File file;
  // Nodes before and after, transposes that are left, differences of the outputs, boundary changes;
  // documented in docs/formats/answers.md.
  std::unique_ptr<nlohmann::json> report;
  std::vector<std::string> warnings;
};

// Loads the bytes of a TFLite file in LiteRT: in a process of its own, since LiteRT aborts on some
// files that it does not like.
using LoadTflite = std::function<Result<std::unique_ptr<runtimes::Session>>(
    std::span<const std::byte> file_bytes)>;

// Both runtimes run the result and the original on the same inputs. GateFailed when they differ by
// more than float arithmetic explains: nothing that computes something else is handed out.
// Unsupported names all nodes that TFLite can't express.
Result<Converted> Convert(const ir::Model& model, const ConvertOptions& options,
                          runtimes::Runtime& onnxruntime, const LoadTflite& litert, Sink& sink,
                          const CancelToken* cancel);

}  // namespace edgeopt::pipeline
