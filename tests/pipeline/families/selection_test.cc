// What picks elements by their values, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Selection, TopK) {
  const auto graph = [](const std::string& type, const std::string& attributes) {
    const bool first = attributes.find("axis = 0") != std::string::npos;
    const std::string shape = first ? "[2,5]" : "[4,2]";
    return "g (" + type + "[4,5] x) => (" + type + shape + " values, int64" + shape +
           " indices) <int64[1] k = {2}> { values, indices = TopK<" + attributes + ">(x, k) }";
  };
  EXPECT_EQ(Problem(graph("float", "axis = -1")), "");
  EXPECT_EQ(Problem(graph("float", "axis = 0, largest = 0")), "");
  EXPECT_EQ(Problem(graph("int64", "axis = 1, largest = 0")), "");
  EXPECT_EQ(Problem(graph("int32", "axis = 0")), "");
}

TEST(Selection, LastIndex) {
  for (const std::string op_type : {"ArgMax", "ArgMin"})
    for (const std::string keepdims : {"0", "1"})
      EXPECT_EQ(Problem("g (int32[3,6] x) => (int64[" + std::string(keepdims == "0" ? "3" : "3,1") +
                        "] y) { y = " + op_type +
                        "<axis = 1, select_last_index = 1, keepdims = " + keepdims + ">(x) }"),
                "");
}

TEST(Selection, Hardmax) {
  EXPECT_EQ(Problem("g (float[3,4,5] x) => (float[3,4,5] y) { y = Hardmax<axis = 1>(x) }"), "");
  EXPECT_EQ(Problem("g (float[3,4] x) => (float[3,4] y) { y = Hardmax(x) }"), "");
}

TEST(Scan, CumProd) {
  for (const std::string attributes :
       {"exclusive = 0", "exclusive = 1", "reverse = 1", "reverse = 1, exclusive = 1"})
    EXPECT_EQ(Problem("g (float[3,5] x) => (float[3,5] y) <int64 axis = {1}> { y = CumProd<" +
                          attributes + ">(x, axis) }",
                      26),
              "")
        << attributes;
}

TEST(Selection, RefusesSizesThatDependOnData) {
  const std::string graph = "g (float[4] x) => (int64[1,n] y) { y = NonZero(x) }";
  EXPECT_NE(Refusal(graph).find("depends on the data"), std::string::npos) << Refusal(graph);
}

}  // namespace
}  // namespace edgeopt::testing
