// An ONNX or TFLite source at the input sizes that the user asks for: what pre-flight makes of it.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "pipeline/import_source.h"
#include "pipeline/input_shapes.h"
#include "pipeline/run_options.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct PreflightWorld;

struct ResizeRequest {
  std::filesystem::path model;
  AskedSizes asked;
  // The user's data, single samples for these inputs; empty: random inputs only.
  std::function<ImportSamples(const std::vector<data::InputSpec>& inputs)> samples;
};

// Writes `folder`/source/model.onnx or .tflite, the format of the source, verified as VerifySizes
// says; a TFLite source is raised, and converted back, each verified in LiteRT. Errors of these.
Result<report::Resized> ResizeSource(const ResizeRequest& request,
                                     const std::filesystem::path& folder, const ImportTools& tools);

// The same in a run: on the user's data too, told in the record. Returns the file; the model's own
// where it has these sizes already. Usage error for what is no size.
Result<std::filesystem::path> ResizeForRun(const RunOptions& options, const PreflightWorld& world,
                                           const std::filesystem::path& folder,
                                           report::Record& record);

}  // namespace edgeopt::pipeline
