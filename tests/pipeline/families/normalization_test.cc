// Normalizations and what ONNX defines as functions of other operators, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Normalization, LayerNormalizationTellsMeanAndDeviation) {
  EXPECT_EQ(Problem(R"(g (float[2,3,8] x, float[8] w, float[8] wb)
  => (float[2,3,8] y, float[2,3,1] mean, float[2,3,1] deviation) {
  y, mean, deviation = LayerNormalization(x, w, wb)
})"),
            "");
}

TEST(Normalization, LpNormalization) {
  for (const std::string p : {"1", "2"})
    EXPECT_EQ(Problem("g (float[3,4] x) => (float[3,4] y) { y = LpNormalization<axis = 1, p = " +
                      p + ">(x) }"),
              "");
}

TEST(Normalization, Mean) {
  EXPECT_EQ(Problem("g (float[3,4] x, float[4] z, float[3,1] u) => (float[3,4] y) "
                    "{ y = Mean(x, z, u) }"),
            "");
}

TEST(Pad, OfTheEdgeAndAroundTheEnd) {
  for (const std::string mode : {"edge", "wrap", "reflect"})
    EXPECT_EQ(Problem("g (float[3,4] x) => (float[5,7] y) <int64[4] pads = {1, 2, 1, 1}> "
                      "{ y = Pad<mode = \"" +
                      mode + "\">(x, pads) }"),
              "")
        << mode;
}

TEST(DepthToSpace, BothOrders) {
  for (const std::string mode : {"DCR", "CRD"})
    EXPECT_EQ(Problem("g (float[1,8,2,3] x) => (float[1,2,4,6] y) "
                      "{ y = DepthToSpace<blocksize = 2, mode = \"" +
                      mode + "\">(x) }"),
              "")
        << mode;
}

// --- no rule of their own ---

TEST(Defined, GroupNormalization) {
  EXPECT_EQ(Problem(R"(g (float[1,4,3,3] x, float[4] w, float[4] wb) => (float[1,4,3,3] y) {
  y = GroupNormalization<num_groups = 2>(x, w, wb)
})"),
            "");
}

TEST(Defined, RmsNormalization) {
  EXPECT_EQ(Problem("g (float[2,3,8] x, float[8] w) => (float[2,3,8] y) "
                    "{ y = RMSNormalization(x, w) }",
                    23),
            "");
}

TEST(Defined, Attention) {
  EXPECT_EQ(Problem(R"(g (float[1,2,4,8] q, float[1,2,6,8] k, float[1,2,6,8] v)
  => (float[1,2,4,8] y) { y = Attention<is_causal = 1>(q, k, v) })",
                    23),
            "");
  EXPECT_EQ(Problem(R"(g (float[1,4,16] q, float[1,6,16] k, float[1,6,16] v) => (float[1,4,16] y)
{ y = Attention<q_num_heads = 2, kv_num_heads = 2>(q, k, v) })",
                    23),
            "");
}

TEST(Defined, Losses) {
  EXPECT_EQ(Problem(R"(g (float[3,5] x) => (float y) <int64[3] target = {1, 0, 4}>
{ y = SoftmaxCrossEntropyLoss<reduction = "mean">(x, target) })"),
            "");
}

TEST(Defined, CastLike) {
  EXPECT_EQ(Problem("g (float[3] x, int32[1] z) => (int32[3] y) { y = CastLike(x, z) }"), "");
}

TEST(Defined, CenterCropPad) {
  EXPECT_EQ(Problem("g (float[6,5] x) => (float[4,7] y) <int64[2] shape = {4, 7}> "
                    "{ y = CenterCropPad(x, shape) }"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
