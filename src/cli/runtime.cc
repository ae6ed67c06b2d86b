#include "cli/runtime.h"

#include "runtimes/library_path.h"
#include "runtimes/onnxruntime/onnxruntime.h"

namespace edgeopt::cli {

Result<std::shared_ptr<runtimes::Runtime>> OpenRuntime(const Context& context) {
  return runtimes::OpenOnnxRuntime(runtimes::OnnxRuntimeCandidates(
      context.program.parent_path(), context.runtime_library, context.cache));
}

}  // namespace edgeopt::cli
