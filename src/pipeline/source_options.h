// What the user says of a source in a framework, and the source that it makes with the model's
// name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frameworks/source.h"
#include "pipeline/import_attempts.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct SourceOptions {
  std::filesystem::path weights;  // of a callable: a state dict
  bool trust_code = false;        // code of the file or of the user may run
  std::filesystem::path python;   // the user's own interpreter
  // As pipeline/input_shapes.h reads them; also of ONNX and TFLite.
  std::vector<std::string> shapes;
  std::string batch;
  std::filesystem::path sample;  // .npy or .npz: shapes and types from a sample
  std::string signature;         // of a SavedModel
  ImportChoice choice;

  // Something is given that ONNX and TFLite have no use for.
  bool for_frameworks_only() const;
};

// The source that `model` names, complete with what the options say; nullopt for ONNX and TFLite.
// UsageError for options that such a model has no use for, and for what can't be read.
Result<std::optional<frameworks::Source>> OpenSource(const std::string& model,
                                                     const SourceOptions& options);

// Without folder and ending; of a callable the name behind the colon.
std::string ModelName(const std::string& model);

// What makes up the source on disk: its file, the files below its folder, or those of its callable
// (the .py file that is named, the weights). Sorted.
Result<std::vector<std::filesystem::path>> FilesOf(const frameworks::Source& source);
// SHA-256 of the file; of several: of their hashes and names. Empty when there is none.
Result<std::string> HashOf(const frameworks::Source& source);
Result<int64_t> SizeOf(const frameworks::Source& source);

}  // namespace edgeopt::pipeline
