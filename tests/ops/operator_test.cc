#include "ops/operator.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace edgeopt::ops {
namespace {

ir::Node NodeOf(const std::string& type, std::vector<ir::Attribute> attributes = {}) {
  ir::Node node;
  node.op_type = type;
  node.attributes = std::move(attributes);
  return node;
}

TEST(Table, EachOperatorOnce) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Family& family : Table()) {
    EXPECT_FALSE(family.operators.empty()) << family.name;
    for (const Operator& one : family.operators)
      EXPECT_TRUE(seen.insert({one.domain, one.type}).second) << one.type;
  }
}

TEST(Table, Finds) {
  ASSERT_NE(Find("Conv"), nullptr);
  EXPECT_EQ(Find("Conv", "com.microsoft"), nullptr);
  EXPECT_NE(Find("FusedMatMul", "com.microsoft"), nullptr);
  EXPECT_EQ(Find("NoSuchOperator"), nullptr);
}

// The list of operators for which one scale serves input and output: quantization-rules of ONNX
// Runtime (Expand ... Unsqueeze, MaxPool, ReduceMax) and TFLite (Pad, Gather, Concat ...).
TEST(KeepsValues, MovesAndMaxima) {
  for (const char* type :
       {"Reshape",   "Transpose", "Flatten",      "Squeeze",      "Unsqueeze",    "Expand",
        "Tile",      "Slice",     "Gather",       "Split",        "MaxPool",      "ReduceMax",
        "ReduceMin", "Concat",    "Pad",          "DepthToSpace", "SpaceToDepth", "Identity",
        "GatherND",  "Where",     "GlobalMaxPool"})
    EXPECT_TRUE(KeepsValues(NodeOf(type))) << type;
  for (const char* type : {"Conv", "Add", "AveragePool", "Relu", "Softmax", "Resize", "Unknown"})
    EXPECT_FALSE(KeepsValues(NodeOf(type))) << type;
}

TEST(KeepsValues, NotWhenScatterAdds) {
  EXPECT_TRUE(KeepsValues(NodeOf("ScatterND")));
  EXPECT_FALSE(
      KeepsValues(NodeOf("ScatterND", {{.name = "reduction", .value = std::string("add")}})));
}

// ONNX Runtime's per-channel axes: Conv 0, ConvTranspose 1, Gemm 1 (0 with transB), MatMul the
// last.
TEST(WeightAxis, OfOutputChannels) {
  EXPECT_EQ(WeightAxis(NodeOf("Conv"), 4), 0);
  EXPECT_EQ(WeightAxis(NodeOf("ConvTranspose"), 4), 1);
  EXPECT_EQ(WeightAxis(NodeOf("ConvTranspose", {{.name = "group", .value = int64_t{2}}}), 4), -1);
  EXPECT_EQ(WeightAxis(NodeOf("Gemm"), 2), 1);
  EXPECT_EQ(WeightAxis(NodeOf("Gemm", {{.name = "transB", .value = int64_t{1}}}), 2), 0);
  EXPECT_EQ(WeightAxis(NodeOf("MatMul"), 2), 1);
  EXPECT_EQ(WeightAxis(NodeOf("MatMul"), 3), 2);
  EXPECT_EQ(WeightAxis(NodeOf("Relu"), 4), -1);
}

TEST(Saturating, Arithmetic) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(SaturatingMultiply(3, 4), 12);
  EXPECT_EQ(SaturatingMultiply(int64_t{1} << 40, int64_t{1} << 40), kMax);
  EXPECT_EQ(SaturatingAdd(kMax, 1), kMax);
  EXPECT_EQ(Elements({}), 1);
  EXPECT_EQ(Elements({int64_t{1} << 40, int64_t{1} << 40, 0}), 0);
}

}  // namespace
}  // namespace edgeopt::ops
