#include "ops/shape_arithmetic.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "formats/onnx/onnx.h"

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

// The value of "y", or an error text in `why`.
std::optional<ir::Tensor> Evaluate(const std::string& text) {
  const ir::Model model = Text(text);
  KnownValues known;
  EvaluateShapes(model.graph, known);
  const auto found = known.find("y");
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

// Against ONNX's reference evaluator (tests/ops/data/shape_arithmetic.py).
TEST(EvaluateShapes, AgreesWithTheReferenceEvaluator) {
  std::ifstream file(EDGEOPT_SOURCE_DIR "/tests/ops/data/shape_arithmetic.txt");
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    const size_t first = line.find('|'), second = line.find('|', first + 1);
    ASSERT_NE(second, std::string::npos);
    std::istringstream dims_text(line.substr(first + 1, second - first - 1)),
        data_text(line.substr(second + 1));
    ir::Dims dims;
    std::vector<int64_t> data;
    for (int64_t value = 0; dims_text >> value;) dims.push_back(value);
    for (int64_t value = 0; data_text >> value;) data.push_back(value);
    const auto result = Evaluate(line.substr(0, first));
    ASSERT_TRUE(result.has_value()) << line;
    EXPECT_EQ(result->dims(), dims) << line;
    EXPECT_EQ(result->ToInts().value(), data) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 87);
}

TEST(EvaluateShapes, ShapesOfKnownTypes) {
  const auto shape = Evaluate("g (float[2, 3, 4] x) => (int64[] y) { y = Shape (x) }");
  EXPECT_EQ(shape->ToInts().value(), (std::vector<int64_t>{2, 3, 4}));
  const auto part =
      Evaluate("g (float[2, 3, 4] x) => (int64[] y) { y = Shape <start = -2, end = -1> (x) }");
  EXPECT_EQ(part->ToInts().value(), std::vector<int64_t>{3});
  const auto size = Evaluate("g (float[2, 3, 4] x) => (int64 y) { y = Size (x) }");
  EXPECT_EQ(size->ToInts().value(), std::vector<int64_t>{24});
  EXPECT_FALSE(Evaluate("g (float[N, 3] x) => (int64[] y) { y = Shape (x) }").has_value());
}

TEST(EvaluateShapes, TypesAreKept) {
  const auto as_bool =
      Evaluate("g () => (bool[2] y) <int64[2] a = {0, 5}> { y = Cast <to = 9> (a) }");
  EXPECT_EQ(as_bool->type(), ir::DataType::kBool);
  EXPECT_EQ(as_bool->ToInts().value(), (std::vector<int64_t>{0, 1}));
  const auto as_int32 = Evaluate("g () => (int32[1] y) <int32[1] a = {3}> { y = Add (a, a) }");
  EXPECT_EQ(as_int32->type(), ir::DataType::kInt32);
}

TEST(EvaluateShapes, WhatIsNotKnownStaysUnknown) {
  // Not constant; not an integer; too large; another domain; invalid operands.
  EXPECT_FALSE(Evaluate("g (int64[2] x) => (int64[2] y) { y = Add (x, x) }").has_value());
  EXPECT_FALSE(
      Evaluate("g () => (float[2] y) <float[2] a = {1, 2}> { y = Add (a, a) }").has_value());
  EXPECT_FALSE(Evaluate("g () => (int64[] y) <int64[2] a = {100, 100}> {"
                        " y = ConstantOfShape <value: tensor = int64[1] {7}> (a) }")
                   .has_value());
  EXPECT_FALSE(
      Evaluate("g () => (int64[] y) <int64[1] a = {1}> { y = other.Add (a, a) }").has_value());
  EXPECT_FALSE(Evaluate("g () => (int64[] y) <int64[2] a = {1, 2}, int64[3] b = {1, 2, 3}> {"
                        " y = Add (a, b) }")
                   .has_value());
  EXPECT_FALSE(Evaluate("g () => (int64[] y) <int64[1] a = {1}, int64[1] b = {0}> {"
                        " y = Div (a, b) }")
                   .has_value());
}

// Whatever a file says must neither overflow nor take memory.
TEST(EvaluateShapes, ExtremeOperands) {
  const std::string largest = "9223372036854775807", smallest = "-9223372036854775808";
  for (const char* op : {"Add", "Mul", "Sub", "Div", "Mod", "Range", "Expand", "Reshape"})
    for (const std::string& value : {largest, smallest, std::string("-1")})
      Evaluate("g () => (int64[] y) <int64[1] a = {" + smallest + "}, int64[1] b = {" + value +
               "}> { y = " + op + " (a, b" + (op == std::string("Range") ? ", b" : "") + ") }");
  EXPECT_FALSE(Evaluate("g () => (int64[] y) <int64[2] a = {" + largest + ", " + largest +
                        "}> { y = ConstantOfShape <value: tensor = int64[1] {1}> (a) }")
                   .has_value());
  EXPECT_FALSE(Evaluate("g () => (int64[] y) <int64 a = {" + smallest + "}, int64 b = {" + largest +
                        "}, int64 c = {1}> { y = Range (a, b, c) }")
                   .has_value());
}

TEST(EvaluateShapes, KnownValuesReachFurther) {
  const ir::Model model = Text("g (int64[1] x) => (int64[1] y) { t = Add (x, x)  y = Add (t, t) }");
  KnownValues known;
  known.emplace("x", ir::Tensor::Of<int64_t>({1}, {3}));
  EXPECT_EQ(EvaluateShapes(model.graph, known).size(), 2u);
  EXPECT_EQ(known.at("y").ToInts().value(), std::vector<int64_t>{12});
  EXPECT_TRUE(EvaluateShapes(model.graph, known).empty());
}

}  // namespace
}  // namespace edgeopt::ops
