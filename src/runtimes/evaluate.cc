#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

Result<std::vector<ir::Tensor>> Evaluate(Runtime& runtime, std::span<const std::byte> model_bytes,
                                         const std::vector<ir::Tensor>& inputs) {
  SessionOptions options;
  options.optimization = GraphOptimization::kNone;
  options.arena = false;
  EDGEOPT_TRY(const auto session, runtime.LoadBytes(model_bytes, options));
  return session->Run(inputs);
}

}  // namespace edgeopt::runtimes
