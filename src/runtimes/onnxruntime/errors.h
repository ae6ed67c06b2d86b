// What ONNX Runtime says of a model, as our errors: its codes mix wrong models and unsupported
// ones, and its messages carry source locations of its own code.
#pragma once

#include <onnxruntime_c_api.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace edgeopt::runtimes::ort {

// The message on one line, without source locations, function signatures and the path that the
// caller knows; at most a few hundred characters of it.
std::string Tidy(std::string_view message);

// Why a model does not load, and why a loaded one does not run. `text` is the whole message, tidy.
Error LoadError(OrtErrorCode code, std::string text);
Error RunError(OrtErrorCode code, std::string text);

}  // namespace edgeopt::runtimes::ort
