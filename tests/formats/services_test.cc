// ONNX's checker, shape inference, version converter and inliner on the IR.
#include <gtest/gtest.h>

#include <filesystem>

#include "formats/onnx/proto.h"
#include "formats/proto_builder.h"
#include "formats/proto_compare.h"
#include "onnx/shape_inference/implementation.h"

namespace edgeopt::formats {
namespace {

namespace fs = std::filesystem;
using testing::Message;

ir::Model Text(const std::string& text) {
  auto model = ParseText(text);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().ToString();
    std::abort();
  }
  return std::move(*model);
}

std::string TypeOf(const ir::Graph& graph, const std::string& name) {
  return ir::ToString(graph.value(graph.Find(name)).type);
}

std::vector<float> Many(size_t count) { return std::vector<float>(count, 0.5f); }

// --- checker ---

TEST(CheckModel, AcceptsValidModels) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Relu (x) }");
  EXPECT_TRUE(CheckModel(model).ok());
  EXPECT_TRUE(CheckModel(model, CheckDepth::kTypes).ok());
}

TEST(CheckModel, NamesTheProblem) {
  const ir::Model unknown = Text("g (float[N] x) => (float[N] y) { y = NoSuchOperator (x) }");
  Status status = CheckModel(unknown);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kBadInput);
  EXPECT_NE(status.error().message.find("No Op registered for NoSuchOperator"), std::string::npos);
  const ir::Model attribute =
      Text("g (float[N] x) => (float[N] y) { y = Relu <nonsense = 1> (x) }");
  status = CheckModel(attribute);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("nonsense"), std::string::npos);
}

TEST(CheckModel, TypesAreCheckedOnRequest) {
  const ir::Model model =
      Text("g (float[2, 3] x, float[2, 3] w) => (float[2, 2] y) { y = MatMul (x, w) }");
  EXPECT_TRUE(CheckModel(model).ok());
  EXPECT_FALSE(CheckModel(model, CheckDepth::kTypes).ok());
}

TEST(CheckModel, ExperimentalOperatorsAreRefusedWithoutPrinting) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = ATen (x) }");
  ::testing::internal::CaptureStdout();
  const Status status = CheckModel(model);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
}

// --- shape inference ---

TEST(InferTypes, FillsInTypes) {
  ir::Model model = Text(R"(
    g (float[N, 3, 8, 8] x) => (float[N, 4] y)
    <float[4, 3, 3, 3] w = {0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
     0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
     0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}> {
      c = Conv <pads = [1, 1, 1, 1]> (x, w)
      p = GlobalAveragePool (c)
      y = Flatten (p)
    })");
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(model.graph, "c"), "float32[N, 4, 8, 8]");
  EXPECT_EQ(TypeOf(model.graph, "p"), "float32[N, 4, 1, 1]");
}

TEST(InferTypes, LargeWeightsAreTakenByTheirShape) {
  ir::Model model = Text("g (float[1, 3, 64, 64] x) => (float[1, 64, 64, 64] y) { y = Relu (x) }");
  ir::Graph& graph = model.graph;
  const auto w = graph.AddInitializer("w", ir::Tensor::Of<float>({64, 3, 3, 3}, Many(64 * 27)));
  const auto c = graph.AddValue("c");
  graph.AddNode("Conv", {graph.Find("x"), w}, {c});
  graph.SetInput(graph.nodes()[0], 0, c);
  ASSERT_TRUE(graph.SortTopologically().ok());
  graph.SetType(graph.Find("y"), {});
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(graph, "c"), "float32[1, 64, 62, 62]");
  EXPECT_EQ(TypeOf(graph, "y"), "float32[1, 64, 62, 62]");
}

TEST(InferTypes, KnownTypesStay) {
  ir::Model model = Text(R"(
    g (float[N, M] x) => (float[a, b] y) <float[q, r] h> {
      h = custom.Unknown (x)
      y = Relu (h)
    })");
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(model.graph, "h"), "float32[q, r]");
  EXPECT_EQ(TypeOf(model.graph, "y"), "float32[a, b]");
}

TEST(InferTypes, PassesUnknownDomainsOver) {
  ir::Model model = Text(R"(
    <ir_version: 8, opset_import: ["": 17]>
    g (float[2, 3] x) => (float[2, 3] y) {
      a = not.imported.Op (x)
      b = Relu (x)
      y = Add (b, a)
    })");
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(model.graph, "a"), "?");
  EXPECT_EQ(TypeOf(model.graph, "b"), "float32[2, 3]");
}

// What exporters write for a pad: ONNX's own data propagation stops at the Reshape.
TEST(InferTypes, FollowsShapeArithmetic) {
  ir::Model model = Text(R"(
    g (float[N, 3, 8, 8] x) => (float[N, 3, h, w] y)
    <int64[4] pads = {0, 1, 0, 1}, int64[1] four = {4}, int64[2] pairs = {-1, 2},
     int64[1] last = {-1}, int64[1] start = {-9223372036854775807}, int64[1] axis = {0},
     int64[1] flat = {-1}> {
      zeros = ConstantOfShape <value: tensor = int64[1] {0}> (four)
      all = Concat <axis = 0> (pads, zeros)
      rows = Reshape (all, pairs)
      turned = Slice (rows, last, start, axis, last)
      columns = Transpose <perm = [1, 0]> (turned)
      line = Reshape (columns, flat)
      cast = Cast <to = 7> (line)
      y = Pad (x, cast)
    })");
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(model.graph, "y"), "float32[N, 3, 9, 9]");
}

TEST(InferTypes, ReachesSubgraphs) {
  ir::Model model = Text(R"(
    g (bool c, float[2, 3] x) => (float[m, n] y) {
      y = If (c) <
        then_branch = t () => (tv) { tv = Transpose (x) },
        else_branch = e () => (ev) { ev = Transpose (x) }>
    })");
  ASSERT_TRUE(InferTypes(model).ok());
  EXPECT_EQ(TypeOf(model.graph, "y"), "float32[3, 2]");
  ir::ForEachSubgraph(
      model.graph.node(model.graph.nodes()[0]), [](const std::string&, const ir::Graph& subgraph) {
        EXPECT_EQ(ir::ToString(subgraph.value(subgraph.outputs()[0]).type), "float32[3, 2]");
      });
}

TEST(InferTypes, ExtremeLengthsTakeNoMemory) {
  ir::Model model = Text(R"(
    g (int64[4611686018427387903] x) => (int64[n] y) { y = Add (x, x) })");
  ASSERT_TRUE(InferTypes(model).ok());
}

// Against ONNX's inference on the complete model, on all of ONNX's node cases.
TEST(InferTypes, AgreesWithOnnxOnNodeCases) {
  const fs::path folder = fs::path(EDGEOPT_DEPS_DIR) / "node-cases-1.23.2" / "node";
  ASSERT_TRUE(fs::exists(folder)) << "run tools/setup --tests";
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    auto model = ReadOnnx(entry.path() / "model.onnx");
    ASSERT_TRUE(model.ok()) << entry.path() << Message(model);
    onnx::ModelProto proto = internal::ToProto(*model);
    try {
      onnx::shape_inference::InferShapes(proto);
    } catch (const std::exception&) {
      continue;  // ONNX's own cases with what its inference refuses
    }
    ASSERT_TRUE(InferTypes(*model).ok());
    for (const auto& info : proto.graph().value_info()) {
      const auto expected = internal::TypeFromProto(info.type());
      ASSERT_TRUE(expected.ok());
      const ir::Type& actual = model->graph.value(model->graph.Find(info.name())).type;
      // Ours may know more (data propagation), never less.
      EXPECT_EQ(actual.kind, expected->kind) << entry.path() << " " << info.name();
      EXPECT_EQ(actual.element, expected->element) << entry.path() << " " << info.name();
      if (!expected->shape) continue;
      ASSERT_EQ(actual.rank(), expected->rank()) << entry.path() << " " << info.name();
      for (size_t i = 0; i < expected->shape->size(); ++i)
        EXPECT_TRUE(!(*expected->shape)[i].value ||
                    (*actual.shape)[i].value == (*expected->shape)[i].value)
            << entry.path() << " " << info.name();
      ++compared;
    }
  }
  EXPECT_GT(compared, 2000);
}

// --- version converter ---

TEST(ConvertVersion, UpAndDown) {
  const ir::Model model = Text(R"(
    <ir_version: 7, opset_import: ["": 11]>
    g (float[2, 1, 3] x) => (float[2, 3] y) {
      [squeeze] y = Squeeze <axes = [1]> (x)
    })");
  const auto up = ConvertVersion(model, 13);
  ASSERT_TRUE(up.ok()) << Message(up);
  EXPECT_EQ(up->OpsetVersion(), 13);
  // Opset 13 made the axes an input.
  EXPECT_EQ(PrintGraph(up->graph),
            "(float32[2, 1, 3] x) => (float32[2, 3] y) {\n  y = Squeeze(x, int64[1]{1})\n}\n");
  EXPECT_TRUE(CheckModel(*up, CheckDepth::kTypes).ok());
  const auto down = ConvertVersion(*up, 11);
  ASSERT_TRUE(down.ok()) << Message(down);
  EXPECT_EQ(down->OpsetVersion(), 11);
}

TEST(ConvertVersion, SameVersionChangesNothing) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Relu (x) }");
  EXPECT_EQ(SerializeOnnx(*ConvertVersion(model, model.OpsetVersion())).value(),
            SerializeOnnx(model).value());
}

TEST(ConvertVersion, KeepsDocumentationWeightsAndSubgraphs) {
  ir::Model model = Text(R"(
    <ir_version: 8, opset_import: ["": 15], producer_name: "someone">
    g (bool c, float[4, 512] x) => (float[4, 512] y) {
      [branch] y = If (c) <
        then_branch = t () => (tv) { [inside] tv = Relu (x) },
        else_branch = e () => (ev) { ev = Add (x, x) }>
    })");
  ir::Graph& graph = model.graph;
  const auto weight = graph.AddInitializer("w", ir::Tensor::Of<float>({4, 512}, Many(2048)));
  graph.SetDocumentation(weight, "a weight", {{"k", "v"}});
  const auto z = graph.AddNamedValue("z");
  const ir::NodeId add = graph.AddNode("Add", {graph.Find("x"), weight}, {z}, {}, "add");
  graph.SetNodeDocumentation(add, "adds", {{"layer", "1"}}, "");
  graph.AddOutput(z);
  graph.SetType(z, graph.value(graph.Find("x")).type);
  ASSERT_TRUE(InferTypes(model).ok());
  const auto up = ConvertVersion(model, 20);
  ASSERT_TRUE(up.ok()) << Message(up);
  const ir::Graph& converted = up->graph;
  EXPECT_EQ(up->producer_name, "someone");
  const ir::Value& w = converted.value(converted.Find("w"));
  EXPECT_EQ(*w.initializer, *graph.value(weight).initializer);
  EXPECT_EQ(w.initializer->data().data(), graph.value(weight).initializer->data().data());
  EXPECT_EQ(w.doc_string, "a weight");
  const ir::Node& node = converted.node(converted.producer(converted.Find("z")));
  EXPECT_EQ(node.doc_string, "adds");
  EXPECT_EQ(node.metadata, (ir::Metadata{{"layer", "1"}}));
  EXPECT_EQ(PrintGraph(converted), PrintGraph(graph));
}

TEST(ConvertVersion, ErrorsNameTheOperator) {
  const ir::Model model = Text(R"(
    <ir_version: 9, opset_import: ["": 20]>
    g (float[N] x) => (float[N] y) { y = Gelu (x) })");
  const auto down = ConvertVersion(model, 11);
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(down.error().message.find("Gelu"), std::string::npos) << down.error().message;
  EXPECT_NE(down.error().message.find("from opset 20 to 11"), std::string::npos);
  EXPECT_EQ(down.error().message.find(".cc"), std::string::npos) << down.error().message;
}

// Once every weight was an input; a model that a pass went over has some that are not.
TEST(ConvertVersion, TakesWeightsThatAreNoInputs) {
  ir::Model model = Text(R"(
    <ir_version: 3, opset_import: ["": 7]>
    g (float[2] x) => (float[2] y) { y = Relu (x) })");
  ir::Graph& graph = model.graph;
  const auto weight = graph.AddInitializer("w", ir::Tensor::Of<float>({2}, {1.0f, 2.0f}));
  const auto sum = graph.AddNamedValue("sum");
  graph.AddNode("Add", {graph.Find("y"), weight}, {sum}, {}, "add");
  graph.SetType(sum, graph.value(graph.Find("x")).type);
  graph.SetOutputs({sum});
  const auto up = ConvertVersion(model, 13);
  ASSERT_TRUE(up.ok()) << Message(up);
  EXPECT_EQ(PrintGraph(up->graph),
            "(float32[2] x) => (float32[2] sum) {\n  %0 = Relu(x)\n  sum = Add(%0, float32[2]{1, "
            "2})\n}\n");
}

TEST(InOlderVersions, LeavesOldModelsAlone) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Relu (x) }");
  const auto older = InOlderVersions(model, {.opset = 26, .ir = 13});
  ASSERT_TRUE(older.ok()) << Message(older);
  EXPECT_EQ(SerializeOnnx(*older).value(), SerializeOnnx(model).value());
}

// Swish came with opset 24; SwiGLU(A, B) is Swish(A) times B since opset 28.
TEST(InOlderVersions, SpellsOutNewOperators) {
  const ir::Model model = Text(R"(
    <ir_version: 14, opset_import: ["": 28]>
    g (float[2] a, float[2] b) => (float[2] y) { y = SwiGLU (a, b) })");
  const auto older = InOlderVersions(model, {.opset = 26, .ir = 13});
  ASSERT_TRUE(older.ok()) << Message(older);
  EXPECT_EQ(older->OpsetVersion(), 26);
  EXPECT_EQ(older->ir_version, 13);
  std::vector<std::string> operators;
  for (const ir::NodeId id : older->graph.nodes())
    operators.push_back(older->graph.node(id).op_type);
  EXPECT_EQ(operators, (std::vector<std::string>{"Swish", "Mul"}));
  EXPECT_TRUE(CheckModel(*older, CheckDepth::kTypes).ok());
}

TEST(InOlderVersions, NamesWhatHasNoOlderForm) {
  const ir::Model model = Text(R"(
    <ir_version: 14, opset_import: ["": 28]>
    g (int32[N] x) => (int32[N] y) { y = BitwiseNot (x) })");
  const auto refused = InOlderVersions(model, {.opset = 12, .ir = 7});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("BitwiseNot"), std::string::npos)
      << refused.error().message;
}

// ONNX's adapter for Scan takes the batch axis off the whole model.
TEST(ConvertVersion, RefusesToChangeTheInterface) {
  const ir::Model model = Text(R"(
    <ir_version: 3, opset_import: ["": 8]>
    g (float[1,2] initial, float[1,3,2] x) => (float[1,2] y, float[1,3,2] z) {
      y, z = Scan ("", initial, x) <num_scan_inputs = 1,
        body = b (float[2] sum_in, float[2] next) => (float[2] sum_out, float[2] scan_out) {
          sum_out = Add (sum_in, next)
          scan_out = Identity (sum_out)
        }>
    })");
  const auto up = ConvertVersion(model, 9);
  ASSERT_FALSE(up.ok());
  EXPECT_EQ(up.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(up.error().message.find("'initial' from float32[1, 2] to float32[2]"),
            std::string::npos)
      << up.error().message;
}

TEST(ConvertVersion, UnknownVersions) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Relu (x) }");
  EXPECT_FALSE(ConvertVersion(model, 0).ok());
  EXPECT_FALSE(ConvertVersion(model, 1000).ok());
}

// --- functions ---

constexpr const char* kWithFunction = R"(
  <ir_version: 9, opset_import: ["": 18, "my": 1]>
  g (float[N] x) => (float[N] y) {
    a = my.scaled <factor = 2.0> (x)
    y = my.scaled (a)
  }
  <domain: "my", opset_import: ["": 18]>
  scaled <factor: float = 3.0> (v) => (w) {
    c = Constant <value_float: float = @factor> ()
    w = Mul (v, c)
  })";

TEST(InlineFunctions, CallsBecomeBodies) {
  const ir::Model model = Text(kWithFunction);
  ASSERT_EQ(model.functions.size(), 1u);
  const auto inlined = InlineFunctions(model);
  ASSERT_TRUE(inlined.ok()) << Message(inlined);
  EXPECT_TRUE(inlined->functions.empty());
  EXPECT_EQ(PrintGraph(inlined->graph),
            "(float32[N] x) => (float32[N] y) {\n  %0 = Mul(x, float32[]{2})\n"
            "  y = Mul(%0, float32[]{3})\n}\n");
}

TEST(InlineFunctions, NothingToDo) {
  const ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Relu (x) }");
  EXPECT_EQ(SerializeOnnx(*InlineFunctions(model)).value(), SerializeOnnx(model).value());
}

// --- operators that ONNX defines by others ---

int64_t Expand(ir::Model& model, const std::string& op_type) {
  EXPECT_TRUE(InferTypes(model).ok());
  const auto count =
      ExpandOperators(model, [&](const ir::Node& node) { return node.op_type == op_type; });
  EXPECT_TRUE(count.ok()) << Message(count);
  return count.ok() ? *count : -1;
}

TEST(ExpandOperators, BecomeTheirDefinitions) {
  ir::Model model = Text("g (float[N] x, int32[1] z) => (int32[N] y) { y = CastLike(x, z) }");
  EXPECT_EQ(Expand(model, "CastLike"), 1);
  EXPECT_EQ(
      PrintGraph(model.graph),
      "(float32[N] x, int32[1] z) => (int32[N] y) {\n  y = Cast<saturate = 1, to = 6>(x)\n}\n");
  EXPECT_EQ(Expand(model, "CastLike"), 0);
}

// Definitions hold the attributes' default values, and may depend on types.
TEST(ExpandOperators, KnowDefaults) {
  ir::Model model = Text("g (float[2, 3] x) => (float[2, 3] y) { y = Celu(x) }");
  EXPECT_EQ(Expand(model, "Celu"), 1);
  EXPECT_TRUE(CheckModel(model, CheckDepth::kTypes).ok());
}

TEST(ExpandOperators, LeaveOthers) {
  ir::Model model = Text("g (float[N] x) => (float[N] y) { y = Tanh(x) }");
  EXPECT_EQ(Expand(model, "Tanh"), 0);
}

TEST(Functions, RoundTrip) {
  const ir::Model model = Text(kWithFunction);
  const std::string bytes = SerializeOnnx(model).value();
  const auto again = ParseOnnx(Buffer::Own(bytes));
  ASSERT_TRUE(again.ok()) << Message(again);
  EXPECT_EQ(SerializeOnnx(*again).value(), bytes);
  EXPECT_TRUE(CheckModel(*again).ok());
}

}  // namespace
}  // namespace edgeopt::formats
