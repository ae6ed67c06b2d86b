// The values inside a model file, of one run: what a framework's own are compared with.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"
#include "pipeline/agents.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct FileValue {
  std::string made_by;  // operator type
  ir::Tensor tensor;    // of floats, under its name in the file
};
using TakeFileValue = std::function<void(const FileValue&)>;

// Runs the ONNX or TFLite file on `sample`, whose names and order of axes are those of `inputs`,
// with the values inside as its outputs, and hands them over in order of execution. Not more than
// half a GiB of them is held at a time, as far as sizes are known: then the file runs again for
// those that follow.
Status ForEachInside(const std::filesystem::path& file, const AgentStarter& agents,
                     const std::vector<runtimes::TensorSpec>& inputs,
                     const std::vector<ir::Tensor>& sample, const TakeFileValue& take);

}  // namespace edgeopt::pipeline
