// What passes are handed: a runtime for folding constants, and ONNX's services on the IR.
#pragma once

#include "passes/pass.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// `runtime`, which runs ONNX, must outlive the context.
passes::Context PassContext(runtimes::Runtime& runtime);

}  // namespace edgeopt::pipeline
