// config.pbtxt of NVIDIA's Triton Inference Server, for a TensorRT engine or an ONNX model.
//
// Source: "Model Configuration" of Triton's user guide and model_config.proto; the file is
// protobuf's text format ("Text Format Language Specification", protobuf.dev).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "package/manifest.h"

namespace edgeopt::package {

enum class TritonPlatform { kEngine, kOnnx };  // "tensorrt_plan", "onnxruntime_onnx"

struct TritonModel {
  std::string name;  // the folder of the model in Triton's repository
  std::string file;  // in the folder of a version: "model.plan" and "model.onnx" are the defaults
  // 0: as many as the shapes say. Otherwise the first dimension of all ports is the batch, and is
  // left out of the file, as Triton wants it.
  int64_t max_batch_size = 0;
  std::vector<Port> inputs, outputs;
  TritonPlatform platform = TritonPlatform::kEngine;
  std::optional<int>
      dla_core;  // that the engine was built for: a secondary device of its instances
};

// The file's text. Unsupported for a type that Triton or the platform does not have; BadInput for a
// port without the batch dimension that `max_batch_size` promises, for a dimension of 0, and for
// names that are no folder's or empty.
Result<std::string> TritonConfig(const TritonModel& model);

}  // namespace edgeopt::package
