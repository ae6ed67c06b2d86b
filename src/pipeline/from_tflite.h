// A TFLite file as an ONNX model, with the proof that ONNX Runtime computes what LiteRT computes.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "formats/tflite/file.h"
#include "ir/model.h"
#include "pipeline/input_shapes.h"
#include "pipeline/oracle.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct Raised {
  ir::Model model;
  int64_t operators = 0;     // of the file
  int64_t transposes = 0;    // that are left
  bool in_integers = false;  // LiteRT computes some of it in integers, where rounding differs
  std::vector<std::string> warnings;
};

// Raised (formats/tflite/raise.h), with the sizes that are asked for where the file leaves them
// open (others are for SetSizes), simplified, and channels-first inside. Unsupported lists the
// operators that ONNX can't express.
Result<Raised> RaiseModel(const formats::tflite::File& file, const AskedSizes& asked,
                          runtimes::Runtime& onnxruntime, Sink& sink, const CancelToken* cancel);

// Runs both on the same inputs. `verified` gets what answers.md documents. GateFailed when they
// differ by more than float arithmetic explains, for models in integers: by more than a few steps
// of rounding. BadInput when no inputs can be made to verify it with.
Status VerifyRaised(const Raised& raised, const OracleInputs& verification,
                    runtimes::Runtime& onnxruntime, runtimes::Session& litert, Sink& sink,
                    nlohmann::json& verified);

}  // namespace edgeopt::pipeline
