#include "ir/model.h"

namespace edgeopt::ir {

int64_t Model::OpsetVersion(std::string_view opset_domain) const {
  const auto canonical = [](std::string_view text) { return text == "ai.onnx" ? "" : text; };
  for (const OpsetImport& import : opset_imports)
    if (canonical(import.domain) == canonical(opset_domain)) return import.version;
  return 0;
}

}  // namespace edgeopt::ir
