// In which order a framework's model is tried to be exported: the remedies of the field, one after
// the other.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "frameworks/source.h"

namespace edgeopt::pipeline {

// One way to make a file that edgeopt reads of a framework's model.
struct ImportAttempt {
  // "natively" (edgeopt itself, formats/pt2), or the exporter of the worker: "dynamo",
  // "torchscript", "tf2onnx", "tflite".
  std::string way;
  int64_t opset = 0;        // of ONNX; 0: there is nothing to choose
  bool simplified = false;  // edgeopt's passes run over what was exported
  bool fixed = false;       // dynamic sizes are fixed
};
// "dynamo, opset 18, simplified".
std::string Describe(const ImportAttempt& attempt);
nlohmann::json ToJson(const ImportAttempt& attempt);

// What the user asks for instead of the order.
struct ImportChoice {
  std::string exporter;  // empty: all
  int64_t opset = 0;     // 0: all that are usual
};

// The attempts in order: edgeopt's own reader, then for each exporter its usual opset and others,
// then the first exporter simplified, then, of a source with dynamic sizes, with these fixed.
// Empty when the choice leaves none: an exporter that the source does not have.
std::vector<ImportAttempt> ImportAttempts(frameworks::Kind kind, bool to_tflite, bool is_dynamic,
                                          const ImportChoice& choice);

}  // namespace edgeopt::pipeline
