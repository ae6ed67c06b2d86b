// --shape and --batch: what is read, and what it makes of a model's inputs.
#include "pipeline/input_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {
namespace {

using ::testing::HasSubstr;

AskedSizes Asked(const std::vector<std::string>& shapes, const std::string& batch = "") {
  const auto asked = ParseSizes(shapes, batch);
  EXPECT_TRUE(asked.ok()) << asked.error().ToString();
  return asked.ok() ? *asked : AskedSizes();
}

// The types of the inputs x and ids when they were asked for.
std::string Applied(const std::vector<std::string>& shapes, const std::string& batch = "") {
  ir::Model model = formats::ParseText(
                        "g (float[n, 3, 8, w] x, int64[n, ?] ids) => (float[n, 3, 8, w] y) "
                        "{ y = Relu(x) }")
                        .value();
  const auto changes = ApplySizes(model, Asked(shapes, batch));
  if (!changes.ok()) return changes.error().ToString();
  return ir::ToString(model.graph.value(model.graph.Find("x")).type) + " " +
         ir::ToString(model.graph.value(model.graph.Find("ids")).type);
}

TEST(InputShapesTest, SizesNamesAndAny) {
  const AskedSizes asked = Asked({"x=1x-1xrows", "a:0:int64=4", "serving:0=2", "2x5"}, "8");
  ASSERT_EQ(asked.shapes.size(), 4u);
  EXPECT_EQ(asked.shapes[0].name, "x");
  EXPECT_EQ(asked.shapes[0].dims, (ir::Shape{ir::Dim::Of(1), ir::Dim(), ir::Dim::Symbol("rows")}));
  EXPECT_EQ(asked.shapes[1].name, "a:0");
  EXPECT_EQ(asked.shapes[1].type, ir::DataType::kInt64);
  EXPECT_EQ(asked.shapes[2].name, "serving:0");
  EXPECT_FALSE(asked.shapes[2].type.has_value());
  EXPECT_EQ(asked.shapes[3].name, "");
  EXPECT_EQ(asked.batch, ir::Dim::Of(8));
  EXPECT_EQ(ToString(Asked({"x=1x-1xrows"}, "dynamic")), "--shape x=1x-1xrows --batch dynamic");
}

TEST(InputShapesTest, WhatIsNoneIsAUsageError) {
  for (const char* text : {"", "x", "x=", "=1x2", "x=1x", "x=1xx2", "x=0x3", "x=1x-2", "x=1x2.5",
                           "x=99999999999999999999", "x=1x9lives"}) {
    const auto asked = ParseSizes({text}, "");
    ASSERT_FALSE(asked.ok()) << text;
    EXPECT_EQ(asked.error().code, ErrorCode::kUsage) << text;
    EXPECT_THAT(asked.error().message, HasSubstr("is not NAME=SIZES")) << text;
  }
  for (const char* batch : {"0", "-1", "many", "4x"})
    EXPECT_EQ(ParseSizes({}, batch).error().code, ErrorCode::kUsage) << batch;
}

// One name is one size: the batch of x is that of ids.
TEST(InputShapesTest, SizesOfOneNameChangeTogether) {
  EXPECT_EQ(Applied({"x=4x3x8x16"}), "float32[4, 3, 8, 16] int64[4, ?]");
  EXPECT_EQ(Applied({}, "2"), "float32[2, 3, 8, w] int64[2, ?]");
  EXPECT_THAT(Applied({"x=4x3x8x16", "ids=2x7"}), HasSubstr("'n' is one size in the model; "));
}

TEST(InputShapesTest, OpenSizesKeepTheirNames) {
  EXPECT_EQ(Applied({"x=-1x3x16x-1"}), "float32[n, 3, 16, w] int64[n, ?]");
  EXPECT_EQ(Applied({"ids=-1xlength"}), "float32[n, 3, 8, w] int64[n, length]");
  EXPECT_EQ(Applied({"x=-1x3x-1x5"}), "float32[n, 3, x_2, 5] int64[n, ?]");
  EXPECT_EQ(Applied({}, "dynamic"), "float32[n, 3, 8, w] int64[n, ?]");
}

TEST(InputShapesTest, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(Applied({"z=1x2"}), HasSubstr("no input 'z'"));
  EXPECT_THAT(Applied({"1x2"}), HasSubstr("the model has 2 inputs"));
  EXPECT_THAT(Applied({"x=1x3"}), HasSubstr("not [1, 3]"));
  EXPECT_THAT(Applied({"ids:float32=1x2"}), HasSubstr("not float32"));
}

TEST(InputShapesTest, OnlyOpenOnesAreTakenAsTheyAre) {
  const ir::Model model =
      formats::ParseText("g (float[n, 3, 8, w] x) => (float[n, 3, 8, w] y) { y = Relu(x) }")
          .value();
  const auto changed = [&](const std::vector<std::string>& shapes) {
    ir::Model copy = model;
    return ApplySizes(copy, Asked(shapes)).value();
  };
  EXPECT_TRUE(changed({"x=4x3x8x16"})[0].fits_before());
  EXPECT_FALSE(changed({"x=4x3x16x16"})[0].fits_before());
  EXPECT_TRUE(changed({"x=4x3x8x16"})[0].batch_changed());
  EXPECT_FALSE(changed({"x=-1x3x8x16"})[0].batch_changed());
  EXPECT_TRUE(changed({"x=-1x3x8x-1"}).empty());
  ir::Model open = model;
  ASSERT_TRUE(ApplySizes(open, OpenOnesOf(model, Asked({"x=4x3x16x16"}))).ok());
  EXPECT_EQ(ir::ToString(open.graph.value(open.graph.Find("x")).type), "float32[4, 3, 8, 16]");
}

}  // namespace
}  // namespace edgeopt::pipeline
