// Gathering and scattering against ONNX Runtime, at constant indices ("w") and at computed ones
// ("i"), all in [-1, 1].
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Indexing, GatherElements) {
  for (const std::string name : {"w", "i"}) {
    EXPECT_EQ(Problem("g (float[4,3,2] x, int64[2,3,2] " + name +
                      ") => (float[2,3,2] y) { y = GatherElements<axis = 0>(x, " + name + ") }"),
              "");
    EXPECT_EQ(Problem("g (int8[3,4] x, int32[2,5] " + name +
                      ") => (int8[2,5] y) { y = GatherElements<axis = -1>(x, " + name + ") }"),
              "");
  }
}

TEST(Indexing, GatherNd) {
  for (const std::string name : {"w", "i"}) {
    EXPECT_EQ(Problem("g (float[2,3,4] x, int64[5,2] " + name +
                      ") => (float[5,4] y) { y = GatherND(x, " + name + ") }"),
              "");
    EXPECT_EQ(Problem("g (float[2,3,4] x, int64[2,6,1] " + name +
                      ") => (float[2,6,4] y) { y = GatherND<batch_dims = 1>(x, " + name + ") }"),
              "");
  }
}

// Without a reduction no element may be named twice.
TEST(Indexing, ScatterElements) {
  EXPECT_EQ(Problem(R"(g (float[3,3] x, float[2,2] u) => (float[3,3] y)
<int64[2,2] i = {2, 0, 0, 2}> { y = ScatterElements<axis = 1>(x, i, u) })"),
            "");
  EXPECT_EQ(Problem(R"(g (float[3,3] x, int64[1,3] i, float[1,3] u) => (float[3,3] y)
{ y = ScatterElements<axis = 0>(x, i, u) })"),
            "");
  for (const std::string reduction : {"add", "mul", "max", "min"})
    EXPECT_EQ(Problem("g (float[3,3] x, int64[4,3] w, float[4,3] u) => (float[3,3] y) "
                      "{ y = ScatterElements<axis = 0, reduction = \"" +
                      reduction + "\">(x, w, u) }"),
              "")
        << reduction;
}

TEST(Indexing, ScatterNd) {
  EXPECT_EQ(Problem(R"(g (float[4,3] x, float[2,3] u) => (float[4,3] y)
<int64[2,1] i = {-1, 0}> { y = ScatterND(x, i, u) })"),
            "");
  EXPECT_EQ(Problem(R"(g (float[4,3] x, int64[5,1] i, float[5,3] u) => (float[4,3] y)
{ y = ScatterND<reduction = "add">(x, i, u) })"),
            "");
  EXPECT_EQ(Problem(R"(g (int32[4,3] x, int64[6,2] w, int32[6] u) => (int32[4,3] y)
{ y = ScatterND<reduction = "max">(x, w, u) })"),
            "");
  EXPECT_NE(Refusal(R"(g (float[4,3] x, int64[5,1] i, float[5,3] u) => (float[4,3] y)
{ y = ScatterND<reduction = "mul">(x, i, u) })")
                .find("indices computed at run time"),
            std::string::npos);
}

TEST(Indexing, OneHot) {
  const auto graph = [](const std::string& type, const std::string& axis) {
    return "g (" + type + "[5] i) => (float[" + (axis == "0" ? "4,5" : "5,4") +
           "] y) <int64 depth = {4}, float[2] values = {-1, 3}> { y = OneHot<axis = " + axis +
           ">(i, depth, values) }";
  };
  EXPECT_EQ(Problem(graph("int64", "-1")), "");
  EXPECT_EQ(Problem(graph("int64", "0")), "");
  EXPECT_EQ(Problem(graph("int64", "1")), "");
}

}  // namespace
}  // namespace edgeopt::testing
