// InOlderVersions: ONNX's version converter downwards, helped where an operator is new.
#include <algorithm>

#include "formats/onnx/onnx.h"
#include "onnx/defs/schema.h"

namespace edgeopt::formats {
namespace {

// Definitions use operators that are defined in turn: three deep in ONNX 1.23.
constexpr int kDeepestOfNew = 8;

// ONNX has the operator, but did not have it in `opset`.
bool IsNewerThan(const ir::Node& node, int64_t opset) {
  if (!node.domain.empty()) return false;
  return onnx::OpSchemaRegistry::Schema(node.op_type, "") != nullptr &&
         onnx::OpSchemaRegistry::Schema(node.op_type, static_cast<int>(opset), "") == nullptr;
}

Status ExpandNewer(ir::Model& model, int64_t opset) {
  for (int depth = 0; depth < kDeepestOfNew; ++depth) {
    EDGEOPT_CHECK_OK(InferTypes(model));
    EDGEOPT_TRY(const int64_t expanded, ExpandOperators(model, [opset](const ir::Node& node) {
                  return IsNewerThan(node, opset);
                }));
    if (expanded == 0) break;
  }
  return OkStatus();
}

}  // namespace

Result<ir::Model> InOlderVersions(const ir::Model& model, Versions newest) {
  ir::Model older = model;
  if (model.OpsetVersion() > newest.opset) {
    EDGEOPT_TRY(older, InlineFunctions(model));
    EDGEOPT_CHECK_OK(ExpandNewer(older, newest.opset));
    EDGEOPT_TRY(older, ConvertVersion(older, newest.opset));
  }
  older.ir_version = std::min(older.ir_version, newest.ir);
  return older;
}

}  // namespace edgeopt::formats
