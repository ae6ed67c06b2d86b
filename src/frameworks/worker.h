// A framework's worker: an agent in Python (python/edgeopt_worker) that holds one source, and three
// methods more than other agents have. It measures, runs and validates as they do
// (measure/agent_client.h): Load with the framework's name as the runtime.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/environment.h"
#include "frameworks/source.h"
#include "measure/agent_client.h"

namespace edgeopt::frameworks {

struct WorkerOptions {
  // The longest time without an answer or a sign of progress. To import a framework takes a minute
  // on a slow disk, exporters tell no progress.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
  int64_t memory_limit_bytes = 0;       // of the worker's data (RLIMIT_DATA); 0: none
  const CancelToken* cancel = nullptr;  // must outlive the client
  // Keeps its standard error, with what the model's code prints (worker_log.h); empty: not kept.
  std::filesystem::path log;
};

// Starts a worker for `source` by argv, no shell. It runs on the CPU, also where there is a GPU
// (CUDA_VISIBLE_DEVICES is empty): the baseline stands for the device that is optimized for.
// UsageError from CheckOptions, before anything is started. Unavailable when Python can't be
// started, lacks the framework (it names the packages) or is no worker; Interrupted.
Result<std::unique_ptr<measure::AgentClient>> StartWorker(const Environment& environment,
                                                          const Source& source,
                                                          const WorkerOptions& options = {});

// As AgentClient::Load loads the source.
measure::LoadOptions LoadOptionsFor(Framework framework, int threads);

// Of each input: the axes that are, or stay, dynamic.
using DynamicAxes = std::map<std::string, std::vector<int64_t>>;

struct Description {
  std::string version;     // the framework's
  std::string class_name;  // of the model: "ResNet10"; may be empty
  std::vector<runtimes::TensorSpec> inputs, outputs;
  std::optional<int64_t> parameters;    // where the framework counts them
  std::vector<std::string> signatures;  // of a SavedModel
  DynamicAxes dynamic;
  std::vector<std::string> warnings;
};
// Loads the source if it is not. BadInput and Unsupported as the worker answers.
Result<Description> Describe(measure::AgentClient& worker);

struct ExportRequest {
  std::string format = "onnx";      // or "tflite"
  std::filesystem::path output;     // absolute
  std::string exporter = "dynamo";  // "torchscript"; "tf2onnx", "tflite"
  int64_t opset = 17;               // of ONNX; 0: TFLite has none
  DynamicAxes dynamic_axes;         // empty: all dimensions become fixed
};
struct Exported {
  std::string exporter, producer;  // "dynamo", "pytorch 2.15.0"
  int64_t opset = 0;               // as it became; 0 for TFLite
  double seconds = 0;
  std::vector<std::string> warnings;
};
// Writes request.output (and external data beside it). What the exporter refuses is Unsupported
// with its own last words; the worker stays usable.
Result<Exported> Export(measure::AgentClient& worker, const ExportRequest& request,
                        Sink* sink = nullptr);

// What one run of the model makes on its way to its outputs, in order of execution.
struct InsideValue {
  std::string kind;             // of what made it: "Conv2d", "aten.relu.default of block.0"
  std::vector<size_t> made_of;  // the earlier ones it depends on; empty: the inputs alone
  ir::Tensor tensor;            // of floats; its name is the layer's, the node's or the operator's
};
struct InsideValues {
  std::vector<InsideValue> values;
  bool complete = true;  // else those behind the last one were left out for their size
};
// Requires a loaded model and inputs as Run takes them. Unsupported where the kind of source does
// not show them; BadInput as Run.
Result<InsideValues> SeeInside(measure::AgentClient& worker, std::span<const ir::Tensor> inputs,
                               int64_t max_bytes);

}  // namespace edgeopt::frameworks
