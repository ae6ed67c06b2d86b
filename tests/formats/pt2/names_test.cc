// Names of outputs, and expressions of sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/pt2/expression.h"
#include "formats/pt2/tree_names.h"

namespace edgeopt::formats::pt2 {
namespace {

using ::testing::ElementsAre;

const std::string kLeaf = R"({"type": null, "context": null, "children_spec": []})";

std::string Tree(const std::string& type, const std::string& context, const std::string& children) {
  return R"({"type": ")" + type + R"(", "context": ")" + context + R"(", "children_spec": [)" +
         children + "]}";
}
std::string Spec(const std::string& tree) { return "[1, " + tree + "]"; }

TEST(Pt2OutputNames, FollowWhatForwardReturns) {
  EXPECT_THAT(OutputNames(Spec(kLeaf), 1), ElementsAre("output"));
  EXPECT_THAT(OutputNames(Spec(Tree("builtins.tuple", "null", kLeaf)), 1), ElementsAre("output_0"));
  EXPECT_THAT(OutputNames(Spec(Tree("builtins.list", "null", kLeaf + "," + kLeaf)), 2),
              ElementsAre("output_0", "output_1"));
  const std::string pair = Tree("builtins.tuple", "null", kLeaf + "," + kLeaf);
  EXPECT_THAT(OutputNames(Spec(Tree("builtins.tuple", "null", kLeaf + "," + pair)), 3),
              ElementsAre("output_0", "output_1_0", "output_1_1"));
  EXPECT_THAT(
      OutputNames(Spec(Tree("ModelOutput", R"([\"logits\", \"states\"])", kLeaf + "," + pair)), 3),
      ElementsAre("logits", "states_0", "states_1"));
}

TEST(Pt2OutputNames, AreAllDifferent) {
  const std::string inner = Tree("builtins.dict", R"([\"b\"])", kLeaf);
  EXPECT_THAT(
      OutputNames(Spec(Tree("builtins.dict", R"([\"a\", \"a_b\"])", inner + "," + kLeaf)), 2),
      ElementsAre("a_b", "a_b_1"));
}

TEST(Pt2OutputNames, AreNumbersWithoutATreeThatFits) {
  EXPECT_THAT(OutputNames("", 1), ElementsAre("output"));
  EXPECT_THAT(OutputNames("[1, {}]", 2), ElementsAre("output_0", "output_1"));
  EXPECT_THAT(OutputNames(Spec(kLeaf), 2), ElementsAre("output_0", "output_1"));
  std::string deep = kLeaf;
  for (int i = 0; i < 100; ++i) deep = Tree("builtins.tuple", "null", deep);
  EXPECT_THAT(OutputNames(Spec(deep), 1), ElementsAre("output"));
}

TEST(Pt2Expression, IsWrittenAsAPersonWould) {
  const std::string s = "Symbol('s77', positive=True, integer=True)";
  EXPECT_EQ(PrettyExpression(s), "s77");
  EXPECT_EQ(PrettyExpression("Mul(Integer(2), " + s + ")"), "2*s77");
  EXPECT_EQ(PrettyExpression("Add(Mul(Integer(-1), " + s + "), Integer(3))"), "-1*s77 + 3");
  EXPECT_EQ(PrettyExpression("Mul(Integer(2), Add(" + s + ", Integer(1)))"), "2*(s77 + 1)");
  EXPECT_EQ(PrettyExpression("FloorDiv(Add(" + s + ", Integer(-3)), Integer(2))"), "(s77 + -3)//2");
  EXPECT_EQ(PrettyExpression("Max(Integer(1), " + s + ")"), "Max(1, s77)");
}

TEST(Pt2Expression, OfAnotherFormIsKeptButNotItsLength) {
  EXPECT_EQ(PrettyExpression("2*s0 +"), "2*s0 +");
  EXPECT_EQ(PrettyExpression(""), "?");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "Add(";
  EXPECT_EQ(PrettyExpression(deep).size(), 200U);
}

}  // namespace
}  // namespace edgeopt::formats::pt2
