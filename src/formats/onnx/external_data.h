// Weights in files of their own beside the model (onnx.proto, TensorProto.external_data). Internal
// to formats/onnx.
#pragma once

#include <filesystem>

#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {

// Maps the files into memory. Paths that leave `folder` are refused; an empty `folder` refuses all.
ExternalData MappedFiles(const std::filesystem::path& folder);

}  // namespace edgeopt::formats::internal
