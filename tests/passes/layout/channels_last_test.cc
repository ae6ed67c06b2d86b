// Whole graphs: what they become, what is transposed, and where it has to stay.
#include "passes/layout/lower_back.h"
#include "passes/pipelines.h"

namespace edgeopt::passes::layout {
namespace {

TEST(ChannelsLast, ChainOfConvolutions) {
  ExpectConverted(R"(g (float[2,3,5,6] x, float[4,3,3,3] w, float[4] k) => (float[2,4,2,2] y)
    <float[4,1,1] c = {1, 2, 3, 4}> {
      a = Conv(x, w, k)
      b = Mul(a, c)
      d = Relu(b)
      y = MaxPool<kernel_shape = [2, 2], strides = [1, 2]>(d)
    })",
                  R"(g (float[2,3,5,6] x, float[4,3,3,3] w, float[4] k) => (float[2,4,2,2] y)
    <float[1,1,1,4] c = {1, 2, 3, 4}> {
      x1 = Transpose<perm = [0, 2, 3, 1]>(x)
      a = edgeopt.nhwc.Conv(x1, w, k)
      b = Mul(a, c)
      d = Relu(b)
      e = edgeopt.nhwc.MaxPool<kernel_shape = [2, 2], strides = [1, 2]>(d)
      y = Transpose<perm = [0, 3, 1, 2]>(e)
    })");
}

TEST(ChannelsLast, NothingWithoutSpatialOperators) {
  const std::string text =
      "g (float[2,3,5,6] x) => (float[2,6,3,5] y) {\n"
      "a = Softmax<axis = 1>(x)\n y = Transpose<perm = [0, 3, 1, 2]>(a) }";
  ExpectConverted(text, text);
}

// One for all readers, in each direction.
TEST(ChannelsLast, OneTransposePerValue) {
  const Converted converted = Convert(ParseModel(R"(g (float[2,3,4,4] x, float[3,3,1,1] w,
      float[3,3,2,2] v) => (float[2,3,4,4] y, float[2,3,4,4] z) {
      a = Conv(x, w)
      b = Conv<pads = [1, 1, 0, 0]>(x, v)
      c = MatMul(a, b)
      d = MatMul(a, a)
      y = Add(c, d)
      z = Softmax(b)
    })"));
  EXPECT_EQ(converted.summary.transposes, 3);
}

TEST(ChannelsLast, RanksThreeAndFive) {
  const Converted three = Convert(ParseModel(
      "g (float[2,3,9] x, float[4,3,3] w) => (float[2,4,7] y) { a = Conv(x, w)\n y = Relu(a) }"));
  EXPECT_EQ(three.summary.transposes, 2);
  const Converted five =
      Convert(ParseModel("g (float[1,2,4,5,6] x, float[3,2,2,2,2] w) => (float[1,3,3,4,5] y) {\n"
                         "a = Conv(x, w)\n y = Relu(a) }"));
  EXPECT_EQ(five.summary.transposes, 2);
}

TEST(ChannelsLast, BoundaryMayChange) {
  const Converted converted =
      Convert(ParseModel("g (float[n,3,h,w] x, float[4,3,3,3] k) => (float[n,4,i,j] y) {\n"
                         "a = Conv<pads = [1, 1, 1, 1]>(x, k)\n y = Relu(a) }"),
              Boundary::kChannelsLast, Boundary::kChannelsLast);
  EXPECT_EQ(converted.summary.transposes, 0);
  const std::vector<BoundaryChange> changed = {{"x", {0, 2, 3, 1}}, {"y", {0, 2, 3, 1}}};
  EXPECT_EQ(converted.summary.changed, changed);
}

TEST(ChannelsLast, BoundaryStaysWhereThatIsCheaper) {
  const Converted converted =
      Convert(ParseModel("g (float[2,3,5,6] x, float[4,3,3,3] k) => (float[2,4,3,4] y, "
                         "float[2,3,5,6] z) {\n y = Conv(x, k)\n a = Softmax(x)\n z = Relu(a) }"),
              Boundary::kChannelsLast, Boundary::kChannelsLast);
  EXPECT_EQ(converted.summary.transposes, 1);
}

// One channel: only the axis of size 1 changes its place, whatever the other sizes are.
TEST(ChannelsLast, OneChannelIsNotTransposed) {
  for (const int opset : {11, 20}) {
    const Converted converted = Convert(
        ParseModel(Opset(opset) + "g (float[n,1,h,w] x, float[1,1,3,3] k) => (float[n,1,i,j] y) {\n"
                                  "a = Conv<pads = [1, 1, 1, 1]>(x, k)\n y = Sigmoid(a) }"));
    EXPECT_EQ(converted.summary.transposes, 0);
  }
}

// Anchors [1, A] are added to boxes [N, 4, A], A not known.
TEST(ChannelsLast, VectorsOfUnknownLength) {
  const Converted converted = Convert(ParseModel(
      "g (float[n,3,h] x, float[4,3,1] k, float[1,h] anchors) => (float[n,m,h] y) {\n"
      "a = Conv(x, k)\n b = Add(a, anchors)\n c = Relu(a)\n y = Concat<axis = 1>(b, c) }"));
  EXPECT_EQ(converted.summary.transposes, 2);
}

TEST(ChannelsLast, VisionTransformerPatches) {
  const Converted converted = Convert(ParseModel(
      "g (float[n,3,8,8] x, float[6,3,4,4] k) => (float[n,4,6] y) <int64[3] s = {0, 0, -1}> {\n"
      "a = Conv<strides = [4, 4]>(x, k)\n b = Reshape(a, s)\n c = Transpose<perm = [0, 2, 1]>(b)\n"
      "y = Softmax(c) }"));
  EXPECT_EQ(converted.summary.transposes, 1);  // of x
}

TEST(ChannelsLast, PooledFeatures) {
  const Converted converted = Convert(ParseModel(
      "g (float[n,3,8,8] x, float[6,3,4,4] k, float[6,5] w) => (float[n,5] y) {\n"
      "a = Conv(x, k)\n b = GlobalAveragePool(a)\n c = Flatten(b)\n y = MatMul(c, w) }"));
  EXPECT_EQ(converted.summary.transposes, 1);
}

std::string FullyConnected(const std::string& body, const std::string& constants = "") {
  return "g (float[n,3,4,4] x, float[2,3,3,3] k) => (float[n,m] y) <" + constants +
         "> {\n a = Conv(x, k)\n b = Relu(a)\n" + body + " }";
}
// [8, 2] and [2, 8] matrices of different numbers.
const char kRows[] = "float[8,2] w = {1, -2, 3, 4, -5, 6, 7, 8, 9, -1, 2, 3, 4, 5, -6, 7}";
const char kColumns[] = "float[2,8] w = {1, -2, 3, 4, -5, 6, 7, 8, 9, -1, 2, 3, 4, 5, -6, 7}";
const char kBytes[] = "int8[2,8] w = {1, -2, 3, 4, -5, 6, 7, 8, 9, -1, 2, 3, 4, 5, -6, 7}";

void ExpectFullyConnected(int64_t transposes, const std::string& body,
                          const std::string& constants) {
  const Converted converted =
      Convert(ParseModel(FullyConnected(body, constants)), Boundary::kKeep, Boundary::kKeep, 1e-4);
  EXPECT_EQ(converted.summary.transposes, transposes) << formats::PrintText(converted.model);
}

TEST(ChannelsLast, FullyConnectedBehindAFeatureMap) {
  ExpectFullyConnected(1, "f = Flatten(b)\n y = Gemm(f, w)", kRows);
  ExpectFullyConnected(1, "f = Flatten(b)\n c = Relu(f)\n y = Gemm<transB = 1>(c, w)", kColumns);
  ExpectFullyConnected(1, "f = Reshape(b, s)\n y = MatMul(f, w)",
                       std::string(kRows) + ", int64[2] s = {-1, 8}");
  ExpectFullyConnected(1, "f = Reshape(b, s)\n y = MatMul(f, w)",
                       std::string(kRows) + ", int64[2] s = {0, -1}");
}

TEST(ChannelsLast, FullyConnectedOfQuantizedValues) {
  const std::string quantized =
      "f = Flatten(b)\n q = QuantizeLinear(f, s, p)\n d = DequantizeLinear(q, s, p)\n";
  const std::string constants = ", float s = {0.1}, int8 p = {3}";
  ExpectFullyConnected(1, quantized + "v = DequantizeLinear(w, s, p)\n y = Gemm<transB = 1>(d, v)",
                       kBytes + constants);
  ExpectFullyConnected(
      1, quantized + "v = DequantizeLinear<axis = 0>(w, t)\n y = Gemm<transB = 1>(d, v)",
      kBytes + constants + ", float[2] t = {0.5, 2}");
  ExpectFullyConnected(
      2, quantized + "v = DequantizeLinear<axis = 1>(w, t)\n y = Gemm<transB = 1>(d, v)",
      kBytes + constants + ", float[8] t = {1, 2, 3, 4, 5, 6, 7, 8}");
}

TEST(ChannelsLast, FlattenedMapWithAnotherReader) {
  ExpectFullyConnected(2,
                       "f = Flatten(b)\n c = Gemm(f, w)\n d = ReduceMax<keepdims = 1>(f, one)\n"
                       "e = Softmax(f)\n g = ReduceMax(e, one)\n h = Add(c, d)\n y = Add(h, g)",
                       std::string(kRows) + ", int64[1] one = {1}");
}

TEST(ChannelsLast, MaxPoolThatGivesIndicesStays) {
  const Converted converted = Convert(ParseModel(
      "g (float[2,3,6,6] x, float[3,3,1,1] w) => (float[2,3,3,3] y, int64[2,3,3,3] i) {\n"
      "a = Conv(x, w)\n y, i = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(a) }"));
  for (const ir::NodeId id : converted.model.graph.nodes())
    EXPECT_FALSE(converted.model.graph.node(id).op_type == "MaxPool" &&
                 converted.model.graph.node(id).domain == kNhwcDomain);
}

TEST(ChannelsLast, SpatialOperatorsKeepTheirParameters) {
  const Converted converted = Convert(ParseModel(R"(g (float[1,4,4,4] x) => (float[1,4,8,12] y)
    <float[4] s = {1, 1, 2, 3}> {
      a = DepthToSpace<blocksize = 2, mode = "CRD">(x)
      b = SpaceToDepth<blocksize = 2>(a)
      c = LRN<size = 3>(b)
      y = Resize<mode = "linear">(c, , s)
    })"));
  EXPECT_EQ(converted.summary.transposes, 2);
}

// What a branch captures, takes and gives keeps its order.
TEST(ChannelsLast, Subgraphs) {
  const Converted converted = Convert(ParseModel(R"(g (float[1,3,4,4] x, bool c, float[3,3,1,1] w)
      => (float[1,3,4,4] y) {
      a = Conv(x, w)
      b = If(c) <then_branch = t () => (float[1,3,4,4] p) {
          q = Conv(a, w)
          r = Relu(q)
          p = Conv(r, w)
        }, else_branch = e () => (float[1,3,4,4] s) { s = Neg(a) }>
      y = Conv(b, w)
    })"));
  EXPECT_EQ(converted.summary.transposes, 6);
}

TEST(ChannelsLast, UnknownRankOfASpatialOperator) {
  ir::Model model =
      ParseModel("g (float[1,3,4,4] x, float[3,3,1,1] w) => (float[1,3,4,4] y) { y = Conv(x, w) }");
  model.graph.SetType(model.graph.inputs()[0], ir::Type::OfTensor(ir::DataType::kFloat32));
  const auto result = ToChannelsLast(model, Boundary::kKeep, Boundary::kKeep);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(result.error().message.find("rank of its input"), std::string::npos);
}

TEST(ChannelsLast, OldOpsetsAreRefused) {
  ir::Model model = ParseModel(
      Opset(6) + "g (float[1,3,4,4] x, float[3,3,1,1] w) => (float[1,3,4,4] y) { y = Conv(x, w) }");
  EXPECT_FALSE(ToChannelsLast(model, Boundary::kKeep, Boundary::kKeep).ok());
}

// Trained models: the input is transposed, and nothing else.
TEST(ChannelsLast, TrainedModels) {
  for (const char* name : {"fashion_resnet10", "fashion_mbv2"}) {
    auto model = formats::ReadOnnx(std::string(EDGEOPT_SOURCE_DIR) + "/examples/" + name + ".onnx");
    ASSERT_TRUE(model.ok()) << model.error().ToString();
    ASSERT_TRUE(passes::Run(*model, Simplify(), TestContext()).ok());
    const Converted kept = Convert(*model, Boundary::kKeep, Boundary::kKeep, 1e-4);
    EXPECT_LE(kept.summary.transposes, 1) << name;
    const Converted changed = Convert(*model, Boundary::kChannelsLast, Boundary::kKeep, 1e-4);
    EXPECT_EQ(changed.summary.transposes, 0) << name;
  }
}

}  // namespace
}  // namespace edgeopt::passes::layout
