// Operators between two convolutions: those that follow the layout cost nothing, so that only the
// model's input and output are transposed; each condition has a case that does not follow.
#include "passes/layout/lower_back.h"

namespace edgeopt::passes::layout {
namespace {

// a is [2, 4, 3, 4], so must b be.
void ExpectFree(const std::string& body, const std::string& constants = "", int opset = 20) {
  const Converted converted =
      Between(body, constants, "float[2,3,5,6]", "float[4,3,3,3] w, float[2,4,1,1] v", opset);
  EXPECT_EQ(converted.summary.transposes, 2) << body << "\n" << formats::PrintText(converted.model);
}

void ExpectTransposes(int64_t count, const std::string& body, const std::string& constants = "") {
  const Converted converted = Between(body, constants);
  EXPECT_EQ(converted.summary.transposes, count) << body << "\n"
                                                 << formats::PrintText(converted.model);
}

TEST(ElementwiseRules, Unary) {
  ExpectFree("b = Relu(a)");
  ExpectFree("c = Cast<to = 10>(a)\n b = Cast<to = 1>(c)");
  ExpectFree("b = Clip(a, lo, hi)", "float lo = {-1}, float hi = {1}");
}

TEST(ElementwiseRules, ConstantsOfLowerRank) {
  ExpectFree("b = Mul(a, c)", "float[4,1,1] c = {1, 2, 3, 4}");
  ExpectFree("b = Sub(c, a)", "float[4] c = {1, 2, 3, 4}");
  ExpectFree("b = PRelu(a, c)", "float[4,1,1] c = {1, 2, 3, 4}");
  ExpectFree("b = Max(a, c, d)", "float[1] c = {0}, float d = {0.5}");
  ExpectFree("b = Add(a, c)", "float[1,4,1,1] c = {1, 2, 3, 4}");
}

TEST(ElementwiseRules, OperandsOfFullRank) {
  ExpectFree("s = Sigmoid(a)\n b = Mul(a, s)");
  ExpectFree("p = GlobalAveragePool(a)\n s = Sigmoid(p)\n b = Mul(s, a)");
  ExpectFree("m = Greater(a, zero)\n b = Where(m, a, zero)", "float zero = {0}");
}

TEST(ElementwiseRules, ComputedOperandsOfLowerRank) {
  ExpectFree("s = Shape(w)\n f = Cast<to = 1>(s)\n b = Mul(a, f)");
  ExpectFree("s = Size(w)\n f = Cast<to = 1>(s)\n b = Mul(a, f)");
  ExpectFree("f = DequantizeLinear(q, s)\n b = Mul(a, f)",
             "int8[4,1,1] q = {1, 2, 3, 4}, float s = {0.5}");
  ExpectTransposes(4, "f = ConstantOfShape(s)\n b = Sub(a, f)", "int64[2] s = {3, 4}");
}

TEST(ElementwiseRules, Quantization) {
  const std::string scales = "float s = {0.1}, uint8 p = {7}";
  ExpectFree("q = QuantizeLinear(a, s, p)\n b = DequantizeLinear(q, s, p)", scales);
  ExpectFree("q = QuantizeLinear(a, s, p)\n b = DequantizeLinear<axis = 1>(q, s, p)",
             "float[4] s = {0.1, 0.2, 0.3, 0.4}, uint8[4] p = {7, 8, 9, 10}");
  ExpectFree("q, s, p = DynamicQuantizeLinear(a)\n b = DequantizeLinear(q, s, p)");
}

TEST(AxisRules, ConcatAndSplit) {
  ExpectFree(
      "c, d = Split<axis = -3, num_outputs = 2>(a)\n e = Neg(c)\n b = Concat<axis = 1>(d, e)");
}

TEST(AxisRules, Softmax) {
  ExpectFree("b = Softmax<axis = 1>(a)");
  ExpectFree("b = LogSoftmax<axis = 2>(a)");
  ExpectTransposes(4, "b = Softmax(a)");
}

TEST(AxisRules, SoftmaxOfAllAxesFromOneOn) {
  const Converted converted = Between("b = Softmax<axis = 1>(a)", "", "float[2,3,5,6]",
                                      "float[4,3,3,3] w, float[2,4,1,1] v", 11);
  EXPECT_EQ(converted.summary.transposes, 4);
}

TEST(AxisRules, Gather) {
  ExpectFree("b = Gather<axis = 1>(a, i)", "int64[4] i = {3, 1, 0, -4}");
  ExpectFree("c = Gather<axis = 2>(a, i)\n b = Unsqueeze(c, two)",
             "int64 i = {1}, int64[1] two = {2}");
  ExpectTransposes(4, "c = Gather<axis = 2>(a, i)\n b = Squeeze(c, two)",
                   "int64[1,2] i = {1, 2}, int64[1] two = {2}");
}

TEST(AxisRules, CumSumAndTopK) {
  ExpectFree("b = CumSum(a, i)", "int64 i = {-3}");
  ExpectFree("b = CumSum(a, i)", "int32 i = {2}");
  ExpectFree("b, i = TopK<axis = 1>(a, k)", "int64[1] k = {4}");
}

TEST(AxisRules, Shape) {
  ExpectFree("s = Shape(a)\n c = Flatten<axis = 0>(w)\n b = Relu(a)");
  ExpectFree(
      "s = Shape<start = 1, end = 3>(a)\n t = ReduceProd<keepdims = 0>(s)\n"
      "f = Cast<to = 1>(t)\n b = Mul(a, f)");
}

TEST(AxisRules, Transposes) {
  ExpectFree(
      "c = Transpose<perm = [0, 2, 3, 1]>(a)\n d = Mul(c, k)\n"
      "b = Transpose<perm = [0, 3, 1, 2]>(d)",
      "float[4] k = {1, 2, 3, 4}");
  // H and W change places: that is a Transpose, which a pointwise convolution does not need.
  ExpectFree("b = Transpose<perm = [0, 1, 3, 2]>(a)");
}

TEST(VectorRules, Slice) {
  ExpectFree("b = Slice(a, s, e, x1)", "int64[1] s = {0}, int64[1] e = {4}, int64[1] x1 = {-3}");
  ExpectFree(
      "b = Slice(a, s, e, x1, t)",
      "int32[2] s = {-1, 0}, int32[2] e = {-99, 3}, int32[2] x1 = {1, 2}, int32[2] t = {-1, 2}");
  ExpectFree("b = Slice(a, s, e)", "int64[3] s = {0, 0, 1}, int64[3] e = {1, 4, 3}");
}

TEST(VectorRules, Pad) {
  const std::string pads = "int64[8] p = {0, 1, 0, 2, 0, -1, 3, 0}";
  ExpectFree("b = Pad(a, p)", pads);
  ExpectFree("b = Pad(a, p)", pads, 13);
  ExpectFree("b = Pad<mode = \"reflect\">(a, p)", "int64[8] p = {0, 0, 1, 2, 0, 0, 2, 0}");
  ExpectFree("b = Pad(a, p, , i)", "int64[4] p = {1, 2, 3, 4}, int64[2] i = {-1, 2}");
}

TEST(VectorRules, ExpandAndTile) {
  ExpectFree("c = ReduceMax(a, i)\n b = Expand(c, s)", "int64[1] i = {2}, int64[3] s = {1, 5, 4}");
  ExpectFree("b = Tile(a, r)", "int64[4] r = {1, 1, 2, 3}");
}

TEST(ReductionRules, KeepingAxes) {
  ExpectFree("m = ReduceMean(a, i)\n b = Sub(a, m)", "int64[2] i = {-1, 2}");
  ExpectFree("m = ReduceMean<axes = [1]>(a)\n b = Sub(a, m)", "", 13);
  ExpectFree("m = ReduceSum(a)\n b = Sub(a, m)");
  ExpectFree("m = ArgMax<axis = 1>(a)\n f = Cast<to = 1>(m)\n b = Sub(a, f)");
}

TEST(ReductionRules, DroppingAxes) {
  ExpectFree("m = ReduceMax<keepdims = 0>(a, i)\n n = Unsqueeze(m, i)\n b = Sub(a, n)",
             "int64[2] i = {2, 3}");
  ExpectFree("m = ReduceMax<keepdims = 0>(a, i)\n n = Unsqueeze(m, i)\n b = Sub(a, n)",
             "int64[1] i = {2}");
}

TEST(ReductionRules, NotWithComputedAxes) {
  ExpectTransposes(3,
                   "s = Shape<start = 0, end = 1>(a)\n m = ReduceMax<keepdims = 0>(a, s)\n"
                   "n = ReduceMax<keepdims = 0>(m)\n b = Sub(a, n)");
}

TEST(ReshapeRules, MergingAndSplittingSpatialAxes) {
  ExpectFree("c = Reshape(a, s)\n d = Sigmoid(c)\n b = Reshape(d, t)",
             "int64[3] s = {0, 0, -1}, int64[4] t = {2, 4, 3, 4}");
}

// ShuffleNet: what is left is the exchange of the two parts of the channels.
TEST(ReshapeRules, ChannelShuffle) {
  const Converted converted = Between(
      "c = Reshape(a, s)\n d = Transpose<perm = [0, 2, 1, 3, 4]>(c)\n e = Reshape(d, t)\n"
      "b = AveragePool<kernel_shape = [2, 2]>(e)",
      "int64[5] s = {2, 2, 2, 3, 4}, int64[4] t = {2, 4, 3, 4}");
  EXPECT_EQ(converted.summary.transposes, 3);
  bool found = false;
  for (const ir::NodeId id : converted.model.graph.nodes())
    found |=
        converted.model.graph.node(id).IntsOr("perm", {}) == std::vector<int64_t>{0, 1, 2, 4, 3};
  EXPECT_TRUE(found);
}

TEST(ReshapeRules, NotAcrossChannelsAndSpace) {
  ExpectTransposes(4, "c = Reshape(a, s)\n d = Softmax(c)\n b = Reshape(d, t)",
                   "int64[3] s = {2, 2, 24}, int64[4] t = {2, 4, 3, 4}");
}

TEST(ReshapeRules, SqueezeAndUnsqueeze) {
  ExpectFree(
      "c = ReduceMean(a, i)\n d = Squeeze(c, i)\n e = Sigmoid(d)\n f = Unsqueeze(e, i)\n"
      "b = Mul(a, f)",
      "int64[1] i = {3}");
  ExpectFree("c = Unsqueeze(a, i)\n d = Sigmoid(c)\n b = Squeeze(d)", "int64[1] i = {2}");
}

}  // namespace
}  // namespace edgeopt::passes::layout
