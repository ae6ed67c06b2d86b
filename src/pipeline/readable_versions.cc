#include "pipeline/readable_versions.h"

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {
namespace {

// ONNX Runtime 1.31, the release that set-up fetches, takes opset 27 for one that is not finished.
constexpr formats::Versions kReadable = {.opset = 26, .ir = 13};

}  // namespace

Result<ir::Model> InReadableVersions(const ir::Model& model,
                                     const std::function<void(std::string)>& warn) {
  if (model.OpsetVersion() > kReadable.opset)
    warn("opset " + std::to_string(model.OpsetVersion()) + " became " +
         std::to_string(kReadable.opset) + ", the newest that ONNX Runtime reads");
  return formats::InOlderVersions(model, kReadable);
}

}  // namespace edgeopt::pipeline
