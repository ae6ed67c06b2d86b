// A framework's model as a file that edgeopt reads, with the proof that it computes what the
// framework computes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/source.h"
#include "measure/calibrate.h"
#include "pipeline/agents.h"
#include "pipeline/import_attempts.h"
#include "report/record.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// What the model is verified on besides random inputs.
struct ImportSamples {
  measure::SampleSource source;
  int64_t count = 0;
};

struct ImportRequest {
  frameworks::Source source;
  std::string python;      // the user's own interpreter; empty: edgeopt's environment
  bool to_tflite = false;  // TensorFlow's goes there without a detour; PyTorch's becomes ONNX
  ImportChoice choice;
  // Nothing is run in the framework: for .pt2 files alone, which edgeopt reads itself.
  bool unverified = false;
  // The user's data for these inputs; empty: random inputs only.
  std::function<Result<ImportSamples>(const std::vector<runtimes::TensorSpec>& inputs)> samples;
};

struct ImportTools {
  AgentStarter agents;  // on this machine
  // ONNX Runtime in this process, for the attempt that simplifies.
  std::function<Result<std::shared_ptr<runtimes::Runtime>>()> onnxruntime;
  Sink* sink = nullptr;  // never null
};

struct ImportedFile {
  report::Imported record;     // `model` is "source/NAME"
  std::filesystem::path file;  // below `folder`
  std::vector<std::string> warnings;
};

// Writes `folder`/source/model.onnx (its external data beside it) or .tflite. The attempts go in
// their order until one gives what the framework gives, within 1e-3 of each output's range; what
// became of each is in the record, with the place where a difference starts
// (pipeline/difference_start.h). UsageError for code that the user does not trust; GateFailed,
// with the largest difference of each attempt, when none does; Unsupported when none gave a file;
// errors of the worker and its environment (frameworks/worker.h).
Result<ImportedFile> ImportSource(const ImportRequest& request, const std::filesystem::path& folder,
                                  const ImportTools& tools);

}  // namespace edgeopt::pipeline
