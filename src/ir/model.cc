#include "ir/model.h"

#include <algorithm>

namespace edgeopt::ir {

int64_t Model::OpsetVersion(std::string_view opset_domain) const {
  const auto canonical = [](std::string_view text) { return text == "ai.onnx" ? "" : text; };
  int64_t highest = 0;  // onnx.proto: nodes bind to the highest version that is imported
  for (const OpsetImport& import : opset_imports)
    if (canonical(import.domain) == canonical(opset_domain))
      highest = std::max(highest, import.version);
  return highest;
}

}  // namespace edgeopt::ir
