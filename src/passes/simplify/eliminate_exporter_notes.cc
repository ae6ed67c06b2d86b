// eliminate-exporter-notes: what an exporter noted about its own work goes.
//
// Before:   nodes, values and graphs with metadata under the keys of PyTorch's exporter: stack
//           traces, FX nodes, scopes of names (a third of a file where the weights are few; paths
//           of the machine that exported it, too)
// After:    none of these; all other metadata, and the model's own, stay
// Maths:    none: metadata has no meaning for execution.
// Numerics: exact.
// Source:   torch.onnx, exporter "dynamo" (PyTorch 2.5 and later), and onnxscript's optimizer;
//           onnx.proto, metadata_props.
#include <algorithm>
#include <array>

#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

constexpr std::array<std::string_view, 2> kPrefixes = {"pkg.torch.", "pkg.onnxscript."};
// Has no prefix; PyTorch's exporter writes it beside the others.
constexpr std::string_view kNamespace = "namespace";

bool IsNote(const std::string& key) {
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
    return key.compare(0, prefix.size(), prefix) == 0;
  });
}

// Returns whether anything went.
bool RemoveNotes(ir::Metadata& metadata) {
  const auto notes = std::erase_if(metadata, [](const auto& entry) { return IsNote(entry.first); });
  if (notes > 0)
    std::erase_if(metadata, [](const auto& entry) { return entry.first == kNamespace; });
  return notes > 0;
}

Status Eliminate(Rewriter& rewriter) {
  ir::Graph& graph = rewriter.graph();
  if (RemoveNotes(graph.metadata)) rewriter.Count();
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    ir::Metadata metadata = node.metadata;
    if (!RemoveNotes(metadata)) continue;
    graph.SetNodeDocumentation(id, node.doc_string, std::move(metadata), node.opaque_fields);
    rewriter.Count();
  }
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    if (!graph.alive(id)) continue;
    ir::Metadata metadata = graph.value(id).metadata;
    if (!RemoveNotes(metadata)) continue;
    graph.SetDocumentation(id, graph.value(id).doc_string, std::move(metadata));
    rewriter.Count();
  }
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverGraphs(model, context, Eliminate);
}

}  // namespace

Pass eliminate_exporter_notes() {
  return {"eliminate-exporter-notes", "stack traces and the like that an exporter left are removed",
          Run};
}

}  // namespace edgeopt::passes
