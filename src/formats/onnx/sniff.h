// What a file that is not an ONNX model looks like, for error messages. Internal to formats/onnx.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace edgeopt::formats::internal {

// The first bytes of the file (64 are enough). The error says what they look like.
Error NotOnnx(std::span<const std::byte> start, const std::string& why);

}  // namespace edgeopt::formats::internal
