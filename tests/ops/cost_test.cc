// Costs against formulas worked by hand and against an independent count of the example models.
#include "ops/cost.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "ops/sizes.h"

namespace edgeopt::ops {
namespace {

ir::Model Text(const std::string& text) {
  auto model = formats::ParseText(text);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().ToString() << "\n" << text;
    std::abort();
  }
  return std::move(*model);
}

ModelCost CostOf(const std::string& text, const CostOptions& options = {}) {
  return formats::CostOf(Text(text), options);
}

int64_t Macs(const std::string& text) { return CostOf(text).macs; }

TEST(Macs, Convolutions) {
  // 1*4*8*8 outputs of 3*3*3 products.
  EXPECT_EQ(Macs("g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,8,8] y) {"
                 " y = Conv <pads = [1,1,1,1]> (x, w) }"),
            256 * 27);
  // Depthwise, stride 2: 8*4*4 outputs of 9 products.
  EXPECT_EQ(Macs("g (float[1,8,8,8] x, float[8,1,3,3] w) => (float[1,8,4,4] y) {"
                 " y = Conv <group = 8, pads = [1,1,1,1], strides = [2,2]> (x, w) }"),
            128 * 9);
  // Each of the 4*5*5 inputs goes to 2*3*3 outputs.
  EXPECT_EQ(Macs("g (float[1,4,5,5] x, float[4,2,3,3] w) => (float[1,2,7,7] y) {"
                 " y = ConvTranspose (x, w) }"),
            100 * 18);
}

TEST(Macs, MatrixProducts) {
  EXPECT_EQ(Macs("g (float[2,8,16] a, float[16,4] b) => (float[2,8,4] y) { y = MatMul (a, b) }"),
            2 * 8 * 4 * 16);
  EXPECT_EQ(Macs("g (float[16] a, float[16] b) => (float y) { y = MatMul (a, b) }"), 16);
  EXPECT_EQ(Macs("g (float[2,16] a, float[10,16] b) => (float[2,10] y) {"
                 " y = Gemm <transB = 1> (a, b) }"),
            2 * 10 * 16);
  EXPECT_EQ(Macs("g (float[16,2] a, float[16,10] b) => (float[2,10] y) {"
                 " y = Gemm <transA = 1> (a, b) }"),
            2 * 10 * 16);
  EXPECT_EQ(Macs("g (float[2,3,4] a, float[2,4,5] b) => (float[2,3,5] y) {"
                 " y = Einsum <equation = \"bij,bjk->bik\"> (a, b) }"),
            2 * 3 * 4 * 5);
}

TEST(Macs, Recurrent) {
  // 5 steps of batch 2: W [1, 16, 3] and R [1, 16, 4] each time.
  EXPECT_EQ(Macs("g (float[5,2,3] x, float[1,16,3] w, float[1,16,4] r) => (float[5,1,2,4] y) {"
                 " y = LSTM <hidden_size = 4> (x, w, r) }"),
            10 * (48 + 64));
  // Of an input whose rank nobody knows, one step.
  EXPECT_EQ(Macs("g (float[] x, float[1,16,3] w, float[1,16,4] r) => (float[L,1,2,4] y) {"
                 " y = LSTM <hidden_size = 4> (x, w, r) }"),
            48 + 64);
}

TEST(Macs, Attention) {
  // Scores: 2*3*4*6*5 products; scores times V: 2*3*4*6*7.
  EXPECT_EQ(Macs("<ir_version: 10, opset_import: [\"\": 23]>"
                 "g (float[2,3,4,5] q, float[2,3,6,5] k, float[2,3,6,7] v) => (float[2,3,4,7] y) {"
                 " y = Attention (q, k, v) }"),
            2 * 3 * 4 * 6 * (5 + 7));
}

TEST(OtherWork, PerElement) {
  EXPECT_EQ(CostOf("g (float[2,5] x) => (float[2,5] y) { y = Relu (x) }").other, 10);
  EXPECT_EQ(CostOf("g (float[1,2,4,4] x) => (float[1,2,2,2] y) {"
                   " y = MaxPool <kernel_shape = [3,3], strides = [2,2], pads = [1,1,0,0]> (x) }")
                .other,
            8 * 9);
  EXPECT_EQ(
      CostOf("g (float[2,5] x) => (float[10] y) <int64[1] s = {10}> { y = Reshape (x, s) }").other,
      0);
}

// 37,156,608 and 307,402 counted in Python from the file's weights and ONNX Runtime's shapes.
TEST(ModelCost, ResNet10) {
  const auto model =
      formats::ReadOnnx(EDGEOPT_SOURCE_DIR "/examples/fashion_resnet10.onnx").value();
  const ModelCost cost = formats::CostOf(model);
  EXPECT_EQ(cost.macs, 37'156'608);
  EXPECT_EQ(cost.parameters, 307'402);
  EXPECT_EQ(cost.parameter_bytes, 4 * 307'402);
  EXPECT_EQ(cost.unknown_nodes, 0);
  EXPECT_EQ(cost.assumptions, std::vector<std::string>{"'N' is counted as 1"});
  int64_t macs = 0;
  for (const NodeCost& node : cost.nodes) macs += node.macs;
  EXPECT_EQ(macs, cost.macs);
}

TEST(ModelCost, SizesCanBeGiven) {
  const std::string text =
      "g (float[batch, 8] a, float[8, 4] b) => (float[batch, 4] y) { y = MatMul (a, b) }";
  EXPECT_EQ(CostOf(text).macs, 32);
  const ModelCost cost = CostOf(text, {.sizes = {{"batch", 10}}});
  EXPECT_EQ(cost.macs, 320);
  EXPECT_TRUE(cost.assumptions.empty());
}

TEST(Sizes, NamesThatNobodyChoseAreNotListed) {
  Sizes sizes({});
  for (const char* symbol : {"unk__3", "Unsqueeze_12_dim_1", "floor(H/2 - 1/2) + 1"}) {
    ir::Dim dim;
    dim.symbol = symbol;
    EXPECT_EQ(sizes.Of(dim, 1), 1);
  }
  ir::Dim chosen;
  chosen.symbol = "hidden_dim_size";
  sizes.Of(chosen, 5);
  EXPECT_EQ(sizes.Assumptions(),
            (std::vector<std::string>{"'hidden_dim_size' is counted as 5",
                                      "sizes without a name are counted as 1, 224 (image sides) or "
                                      "128 (sequences)"}));
}

// A size that an operator left open carries the name of an input's, and then the input's guess.
TEST(ModelCost, ASizeIsAssumedOnce) {
  const ModelCost cost = CostOf(
      "g (float[N, L] x, float[K, L] y) => (float[N, L] z) { z = com.example.Mystery (x, y) }");
  EXPECT_EQ(cost.assumptions,
            (std::vector<std::string>{"'K' is counted as 1", "'L' is counted as 128",
                                      "'N' is counted as 1"}));
}

TEST(ModelCost, GuessesImagesAndSequences) {
  const ModelCost image =
      CostOf("g (float[N, 3, H, W] x) => (float[N, 3, H, W] y) { y = Relu (x) }");
  EXPECT_EQ(image.other, 3 * 224 * 224);
  EXPECT_EQ(image.assumptions,
            (std::vector<std::string>{"'H' is counted as 224", "'N' is counted as 1",
                                      "'W' is counted as 224"}));
  EXPECT_EQ(CostOf("g (float[N, L] x) => (float[N, L] y) { y = Relu (x) }").other, 128);
}

TEST(ModelCost, UnknownShapesAreCounted) {
  const ModelCost cost =
      CostOf("g (float[2,3] x, float[3,3] w) => (y) { a = custom.Op (x)  y = MatMul (w, a) }");
  EXPECT_EQ(cost.unknown_nodes, 2);
  EXPECT_EQ(cost.macs, 0);
}

// --- parameters ---

TEST(Parameters, ShapesAndLimitsOfQuantizationDoNotCount) {
  const ModelCost cost = CostOf(R"(
    g (float[1,4] x) => (float[4] y)
    <uint8[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}, float scale = {0.5}, uint8 zero = {0},
     int64[1] shape = {4}> {
      d = DequantizeLinear (w, scale, zero)
      [product] m = MatMul (x, d)
      y = Reshape (m, shape)
    })");
  EXPECT_EQ(cost.parameters, 16);
  EXPECT_EQ(cost.parameter_bytes, 16);
  // The weight belongs to the product, not to the DequantizeLinear before it.
  for (const NodeCost& node : cost.nodes)
    EXPECT_EQ(node.parameters, node.label == "product" ? 16 : 0) << node.label;
}

TEST(Parameters, ConstantNodesCountAndSharedOnesCountOnce) {
  const ModelCost cost = CostOf(R"(
    g (float[2] x) => (float[2] y) {
      w = Constant <value: tensor = float[2] {1, 2}> ()
      a = Add (x, w)
      y = Mul (a, w)
    })");
  EXPECT_EQ(cost.parameters, 2);
  ASSERT_EQ(cost.nodes.size(), 2u);
  EXPECT_EQ(cost.nodes[0].parameters, 2);
}

TEST(Parameters, PackedTypes) {
  const ModelCost cost = CostOf(R"(
    <ir_version: 10, opset_import: ["": 21]>
    g (float[2] x) => (float[2] y) <int4[4] w = {33, 67}, float s = {1}> {
      d = DequantizeLinear (w, s)
      h = Slice (d, zero, two)
      y = Mul (x, h)
      zero = Constant <value_ints = [0]> ()
      two = Constant <value_ints = [2]> ()
    })");
  EXPECT_EQ(cost.parameters, 4);
  EXPECT_EQ(cost.parameter_bytes, 2);
}

// --- subgraphs ---

TEST(Subgraphs, TheCostlierBranchCounts) {
  const ModelCost cost = CostOf(R"(
    g (bool c, float[4,4] x) => (float[4,4] y) {
      [choice] y = If (c) <
        then_branch = t () => (float[4,4] tv) { [big] tv = MatMul (x, x) },
        else_branch = e () => (float[4,4] ev) { [small] ev = Relu (x) }>
    })");
  EXPECT_EQ(cost.macs, 64);
  EXPECT_EQ(cost.other, 0);
  ASSERT_EQ(cost.nodes.size(), 3u);
  EXPECT_EQ(cost.nodes[1].label, "choice/then_branch/big");
  EXPECT_EQ(cost.nodes[2].label, "choice/else_branch/small");
  EXPECT_EQ(cost.nodes[2].other, 0);
}

// Weights of the main graph that a branch reads are the branch's operators', not the If's.
TEST(Subgraphs, CapturedWeightsCountWhereTheyAreRead) {
  const ModelCost cost = CostOf(R"(
    g (bool c, float[1,2] x) => (float[1,2] y)
    <float[2,2] w = {1, 2, 3, 4}, float[1,2] b = {5, 6}> {
      [choice] y = If (c) <
        then_branch = t () => (float[1,2] tv) { [product] tv = MatMul (x, w) },
        else_branch = e () => (float[1,2] ev) {
          [inner] ev = If (c) <
            then_branch = u () => (float[1,2] uv) { [again] uv = MatMul (x, w) },
            else_branch = v () => (float[1,2] vv) { [sum] vv = Add (x, b) }>
        }>
    })");
  std::map<std::string, int64_t> parameters;
  for (const NodeCost& node : cost.nodes) parameters[node.label] = node.parameters;
  EXPECT_EQ(parameters["choice"], 0);
  EXPECT_EQ(parameters["choice/then_branch/product"], 4);
  EXPECT_EQ(parameters["choice/else_branch/inner/then_branch/again"], 0);
  EXPECT_EQ(parameters["choice/else_branch/inner/else_branch/sum"], 2);
  EXPECT_EQ(cost.parameters, 6);
  EXPECT_EQ(cost.parameter_bytes, 24);
}

TEST(Subgraphs, LoopsAreCountedForOneRound) {
  const ModelCost cost = CostOf(R"(
    g (int64 n, bool c, float[4,4] x) => (float[4,4] y) {
      [loop] y = Loop (n, c, x) <
        body = b (int64 i, bool ci, float[4,4] state) => (bool co, float[4,4] next) {
          co = Identity (ci)
          next = MatMul (state, state)
        }>
    })");
  EXPECT_EQ(cost.macs, 64);
  EXPECT_EQ(cost.assumptions, std::vector<std::string>{"the loop 'loop' is counted for one round"});
}

TEST(Subgraphs, ScansRunOncePerSlice) {
  const ModelCost cost = CostOf(R"(
    g (float[4,4] state, float[10,4] xs) => (float[4,4] last) {
      last = Scan <num_scan_inputs = 1,
        body = b (float[4,4] s, float[4] x) => (float[4,4] next) { next = MatMul (s, s) }
      > (state, xs)
    })");
  EXPECT_EQ(cost.macs, 640);
}

TEST(Functions, AreCountedWhereTheyAreCalled) {
  EXPECT_EQ(Macs(R"(
    <ir_version: 9, opset_import: ["": 18, "my": 1]>
    g (float[4,4] x) => (float[4,4] y) { a = my.square (x)  y = my.square (a) }
    <domain: "my", opset_import: ["": 18]>
    square (v) => (w) { w = MatMul (v, v) })"),
            128);
}

// --- memory ---

TEST(Memory, ResultsAreFreedAfterTheirLastUse) {
  // 400 bytes each: x and a; then a and b; then b and y. The weight does not count.
  EXPECT_EQ(CostOf("g (float[100] x) => (float[100] y) <float w = {1}> {"
                   " a = Relu (x)  b = Mul (a, w)  y = Neg (b) }")
                .peak_activation_bytes,
            800);
  // The residual keeps x until the end.
  EXPECT_EQ(
      CostOf("g (float[100] x) => (float[100] y) { a = Relu (x)  b = Neg (a)  y = Add (b, x) }")
          .peak_activation_bytes,
      1200);
}

TEST(Memory, OutputsStay) {
  EXPECT_EQ(CostOf("g (float[100] x) => (float[100] a, float[100] c) {"
                   " a = Relu (x)  b = Neg (x)  c = Abs (b) }")
                .peak_activation_bytes,
            1200);
}

TEST(ModelCost, AbsurdShapesSaturate) {
  const ModelCost cost =
      CostOf("g (float[4611686018427387, 4611686018427387] x) => (float[n, m] y) { y = Relu (x) }");
  EXPECT_EQ(cost.other, std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace edgeopt::ops
