#include "formats/tflite/lower.h"

#include <algorithm>

#include "formats/tflite/lower/graph_lowering.h"

namespace edgeopt::formats::tflite {

bool HasRule(const ir::Node& node) {
  // These stand for how values are stored.
  constexpr std::string_view kStorage[] = {"Constant", "DequantizeLinear", "QuantizeLinear"};
  return std::ranges::count(kStorage, node.op_type) != 0 || lower::HasRuleFor(node.op_type);
}

Result<File> Lower(const ir::Model& model, const LowerOptions& options) {
  lower::FileBuilder file(options.description);
  lower::GraphLowering graph(model.graph, model.OpsetVersion(), file, options);
  EDGEOPT_CHECK_OK(graph.Run());
  File lowered = std::move(file).Finish();
  // A file that breaks the format's rules would be our own bug.
  if (const Status valid = Verify(lowered); !valid.ok())
    return Internal("the converted model is not valid: " + valid.error().ToString());
  return lowered;
}

}  // namespace edgeopt::formats::tflite
