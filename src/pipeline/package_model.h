// The model of a package: the best variant, with the essentials of the run inside the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "package/manifest.h"
#include "pipeline/float_io.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// What a model file declares of its inputs and outputs.
struct ModelPorts {
  std::vector<package::Port> inputs, outputs;
  Integers integers;  // inputs that stand for floats
};
// Of an ONNX or a TFLite file.
Result<ModelPorts> ReadPorts(const std::filesystem::path& model);
// The inputs as data gives them, quantized ones in float.
std::vector<data::InputSpec> DataSpecsOf(const ModelPorts& ports);

struct PackagedModel {
  std::string preprocessing;             // TOML; empty: none
  std::vector<std::string> class_names;  // of the outputs' last axis; empty: unknown
};
// Writes `source`, record.best()'s file, to `target` with metadata: in ONNX metadata_props
// "edgeopt.*", in TFLite an entry "edgeopt" (JSON), "min_runtime_version" and TFLITE_METADATA with
// the inputs' normalization and the class names.
Status WritePackagedModel(const report::Record& record, const PackagedModel& model,
                          const std::filesystem::path& source, const std::filesystem::path& target);

}  // namespace edgeopt::pipeline
