// How the layout pass is tested: operators of its domain can be run by nobody, so each is wrapped
// into the two Transposes that its definition says, and ONNX Runtime runs the result.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/verifier.h"
#include "passes/layout/channels_last.h"
#include "passes/pass_test.h"
#include "passes/symbolic_types.h"

namespace edgeopt::passes::layout {

// By definition of kNhwcDomain, and without the pass's own arithmetic.
inline ir::Model LowerBack(ir::Model model) {
  std::erase_if(model.opset_imports,
                [](const ir::OpsetImport& import) { return import.domain == kNhwcDomain; });
  const auto lowered = ir::TransformGraphs(model, [](ir::Graph& graph) -> edgeopt::Result<bool> {
    for (const ir::NodeId id : graph.nodes()) {
      const ir::Node node = graph.node(id);
      if (node.domain != kNhwcDomain) continue;
      const int64_t rank = graph.value(node.output(0)).type.rank();
      std::vector<int64_t> to_first = {0, rank - 1}, to_last = {0};
      for (int64_t axis = 1; axis + 1 < rank; ++axis) to_first.push_back(axis);
      for (int64_t axis = 2; axis < rank; ++axis) to_last.push_back(axis);
      to_last.push_back(1);
      const ir::ValueId in = graph.AddValue("first"), out = graph.AddValue("first");
      graph.AddNode("Transpose", {node.input(0)}, {in}, {{"perm", to_first}});
      graph.SetOpType(id, node.op_type);
      graph.SetInput(id, 0, in);
      graph.SetNodeOutputs(id, {out});
      graph.AddNode("Transpose", {out}, {node.output(0)}, {{"perm", to_last}});
    }
    EDGEOPT_CHECK_OK(graph.SortTopologically());
    return true;
  });
  EXPECT_TRUE(lowered.ok());
  return model;
}

inline ir::Tensor Transposed(const ir::Tensor& tensor, const std::vector<int64_t>& perm) {
  ir::Model model = ParseModel("g (float[1] x) => (float[1] y) { y = Identity(x) }");
  const ir::ValueId x = model.graph.inputs()[0], y = model.graph.outputs()[0];
  ir::Shape unknown(perm.size());
  model.graph.SetType(x, ir::Type::OfTensor(tensor.type(), ir::ToShape(tensor.dims())));
  model.graph.SetType(y, ir::Type::OfTensor(tensor.type(), unknown));
  const ir::NodeId node = model.graph.nodes()[0];
  model.graph.SetOpType(node, "Transpose");
  model.graph.SetAttribute(node, {"perm", perm});
  ir::Tensor input = tensor;
  input.name = "x";
  const auto outputs = testing::RunModel(model, {input});
  EXPECT_TRUE(outputs.ok()) << outputs.error().ToString();
  ir::Tensor output = (*outputs)[0];
  output.name = tensor.name;
  return output;
}

inline std::vector<int64_t> PermOf(const Summary& summary, const std::string& name) {
  for (const BoundaryChange& change : summary.changed)
    if (change.name == name) return change.perm;
  return {};
}

// Both give the same; the changed one reads and writes what `summary` says it does.
inline void ExpectSameResults(const ir::Model& before, const ir::Model& after,
                              const Summary& summary, double tolerance) {
  std::vector<ir::Tensor> inputs = RandomInputs(before), moved;
  for (const ir::Tensor& input : inputs) {
    const auto perm = PermOf(summary, input.name);
    moved.push_back(perm.empty() ? input : Transposed(input, perm));
  }
  auto expected = testing::RunModel(before, inputs, runtimes::GraphOptimization::kNone);
  const auto found = testing::RunModel(LowerBack(after), moved, runtimes::GraphOptimization::kNone);
  ASSERT_TRUE(expected.ok()) << expected.error().ToString();
  ASSERT_TRUE(found.ok()) << found.error().ToString();
  for (ir::Tensor& output : *expected) {
    const auto perm = PermOf(summary, output.name);
    if (!perm.empty()) output = Transposed(output, perm);
  }
  const testing::Difference difference = testing::Compare(*expected, *found);
  EXPECT_EQ(difference.mismatch, "");
  EXPECT_LE(difference.max_abs, tolerance);
}

struct Converted {
  ir::Model model;
  Summary summary;
};

inline ir::Model Inferred(ir::Model model) {
  EXPECT_TRUE(formats::InferTypes(model).ok());
  EXPECT_TRUE(RefineTypes(model, TestContext()).ok());
  return model;
}

// Converts a model and checks everything that must hold for all: valid, types that strict inference
// agrees with, the same results.
inline Converted Convert(const ir::Model& original, Boundary inputs = Boundary::kKeep,
                         Boundary outputs = Boundary::kKeep, double tolerance = 1e-5) {
  const ir::Model before = Inferred(original);
  Converted converted{before, {}};
  const auto summary = ToChannelsLast(converted.model, inputs, outputs);
  EXPECT_TRUE(summary.ok()) << summary.error().ToString();
  if (!summary.ok()) return converted;
  converted.summary = *summary;
  const Status verified = ir::Verify(converted.model);
  EXPECT_TRUE(verified.ok()) << verified.error().ToString();
  const Status checked =
      formats::CheckModel(LowerBack(converted.model), formats::CheckDepth::kTypes);
  EXPECT_TRUE(checked.ok()) << checked.error().ToString();
  ExpectSameResults(before, converted.model, converted.summary, tolerance);
  return converted;
}

// What becomes of the text, inputs and outputs kept as they are.
inline void ExpectConverted(const std::string& before, const std::string& after,
                            double tolerance = 1e-5) {
  const Converted converted =
      Convert(ParseModel(before), Boundary::kKeep, Boundary::kKeep, tolerance);
  EXPECT_EQ(formats::PrintGraph(converted.model.graph),
            formats::PrintGraph(ParseModel(after).graph));
}

// Every row of the body is put between two convolutions a = Conv(x, w), z = Conv(b, v): what is
// between is free if two transposes are left, those of the model's input and output.
inline Converted Between(const std::string& body, const std::string& constants = "",
                         const std::string& sizes = "float[2,3,5,6]",
                         const std::string& weights = "float[4,3,3,3] w, float[2,4,1,1] v",
                         int opset = 20) {
  const std::string text = Opset(opset) + "g (" + sizes + " x, " + weights +
                           ") => (float[a,b,c,d] y) <" + constants + "> {\n a = Conv(x, w)\n" +
                           body + "\n z = Conv(b, v)\n y = Relu(z) }";
  return Convert(ParseModel(text), Boundary::kKeep, Boundary::kKeep, 1e-4);
}

}  // namespace edgeopt::passes::layout
