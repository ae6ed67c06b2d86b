#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-cast";
// Element types as onnx.proto numbers them.
constexpr char kFloat[] = "1", kInt32[] = "6", kInt64[] = "7", kBool[] = "9", kHalf[] = "10",
               kDouble[] = "11";

std::string Casts(const std::string& from, const std::string& first, const std::string& second,
                  const std::string& to) {
  return "g (" + from + "[4] x) => (" + to + "[4] y) { a = Cast<to = " + first +
         ">(x)\n y = Cast<to = " + second + ">(a) }";
}

TEST(EliminateCast, ToTheSameType) {
  ExpectRewrite(kPass, "g (float[2] x) => (float[2] y) { a = Cast<to = 1>(x)\n y = Relu(a) }",
                "g (float[2] x) => (float[2] y) { y = Relu(x) }");
}

TEST(EliminateCast, RoundTripThroughAWiderType) {
  for (const auto& [from, wide, narrow] : {std::tuple{"float", kDouble, kFloat},
                                           {"int32", kInt64, kInt32},
                                           {"float16", kFloat, kHalf},
                                           {"bool", kInt64, kBool},
                                           {"int32", kDouble, kInt32}}) {
    SCOPED_TRACE(from);
    const std::string type = from;
    ExpectRewrite(kPass,
                  "g (" + type + "[4] x) => (" + type + "[1,4] y) <int64[1] axes = {0}> {\n" +
                      "a = Cast<to = " + wide + ">(x)\n b = Cast<to = " + narrow +
                      ">(a)\n y = Unsqueeze(b, axes) }",
                  "g (" + type + "[4] x) => (" + type +
                      "[1,4] y) <int64[1] axes = {0}> { y = Unsqueeze(x, axes) }");
  }
}

TEST(EliminateCast, TwoBecomeOne) {
  ExpectRewrite(kPass, Casts("int32", kInt64, kFloat, "float"),
                "g (int32[4] x) => (float[4] y) { y = Cast<to = 1>(x) }");
}

TEST(EliminateCast, NotThroughANarrowerType) {
  for (const auto& [from, narrow, wide] : {std::tuple{"float", kHalf, kFloat},
                                           {"int64", kInt32, kInt64},
                                           {"int64", kFloat, kInt64},
                                           {"int64", kBool, kInt64},
                                           {"double", kFloat, kDouble}}) {
    SCOPED_TRACE(from);
    ExpectUnchanged(kPass, Casts(from, narrow, wide, from), "is not known to be exact");
  }
}

TEST(EliminateCast, NotFromSignedThroughUnsigned) {
  ExpectUnchanged(kPass, Casts("int32", "13", kInt64, "int64"), "is not known to be exact");
}

TEST(EliminateCast, NotFromFloatToInteger) {
  ExpectUnchanged(kPass, Casts("float", kDouble, kInt32, "int32"), "depends on the width");
}

TEST(EliminateCast, NotToText) {
  ExpectUnchanged(kPass, Casts("float", kDouble, "8", "string"), "depends on the width");
}

}  // namespace
}  // namespace edgeopt::passes
