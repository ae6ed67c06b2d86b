// Models newer than the runtime that is to run them.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// The model in versions of ONNX that ONNX Runtime reads (formats::InOlderVersions); `warn` is told
// when it is newer. Unsupported names the operator that has no older form.
Result<ir::Model> InReadableVersions(const ir::Model& model,
                                     const std::function<void(std::string)>& warn);

}  // namespace edgeopt::pipeline
