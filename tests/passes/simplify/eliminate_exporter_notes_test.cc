#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

TEST(EliminateExporterNotes, OnlyTheExportersOwn) {
  ir::Model model = ParseModel("g (float[2] x) => (float[2] y) { a = Neg(x)\n y = Relu(a) }");
  model.metadata = {{"pkg.torch.x", "of the model"}, {"labels", "cat,dog"}};
  model.graph.metadata = {{"pkg.torch.export.graph_signature", "..."}, {"author", "me"}};
  const ir::NodeId neg = model.graph.nodes()[0], relu = model.graph.nodes()[1];
  model.graph.SetNodeDocumentation(
      neg, "kept", {{"namespace", "m"}, {"pkg.torch.onnx.stack_trace", "..."}, {"mine", "kept"}},
      "");
  model.graph.SetNodeDocumentation(relu, "", {{"namespace", "without a note beside it"}}, "");
  model.graph.SetDocumentation(model.graph.Find("a"), "",
                               {{"pkg.onnxscript.optimizer.folded_from", "..."}, {"mine", "kept"}});
  EXPECT_EQ(RunPasses(model, {"eliminate-exporter-notes"}).rewrites(), 3);
  EXPECT_EQ(model.metadata.size(), 2u);
  EXPECT_EQ(model.graph.metadata, (ir::Metadata{{"author", "me"}}));
  EXPECT_EQ(model.graph.node(neg).metadata, (ir::Metadata{{"mine", "kept"}}));
  EXPECT_EQ(model.graph.node(neg).doc_string, "kept");
  EXPECT_EQ(model.graph.node(relu).metadata.size(), 1u);
  EXPECT_EQ(model.graph.value(model.graph.Find("a")).metadata, (ir::Metadata{{"mine", "kept"}}));
}

}  // namespace
}  // namespace edgeopt::passes
