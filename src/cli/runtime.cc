#include "cli/runtime.h"

#include "runtimes/library_path.h"
#include "runtimes/litert/litert.h"
#include "runtimes/onnxruntime/onnxruntime.h"

namespace edgeopt::cli {

Result<std::shared_ptr<runtimes::Runtime>> OpenRuntime(const Context& context) {
  return runtimes::OpenOnnxRuntime(runtimes::OnnxRuntimeCandidates(
      context.program.parent_path(), context.runtime_library, context.cache));
}

Result<std::shared_ptr<runtimes::Runtime>> OpenLiteRt(const Context& context) {
  return runtimes::OpenLiteRt(
      runtimes::LiteRtCandidates(context.program.parent_path(), {}, context.cache));
}

}  // namespace edgeopt::cli
