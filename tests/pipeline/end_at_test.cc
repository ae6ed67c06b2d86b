#include "pipeline/end_at.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

// What a detector ends with: how many boxes are left depends on the image.
ir::Model Detector() {
  return formats::ParseText(
             "<ir_version: 8, opset_import: [\"\" : 17]>\n"
             "g (float[1,3,4] x, float[1,2,3] s) => (int64[N,3] kept) <int64[1] most = {2}> {\n"
             "boxes = Abs(x)\n scores = Sigmoid(s)\n"
             "kept = NonMaxSuppression(boxes, scores, most) }")
      .value();
}

TEST(EndAt, WhatIsBehindGoes) {
  const auto shorter = EndAt(Detector(), {"scores", "boxes"});
  ASSERT_TRUE(shorter.ok()) << shorter.error().ToString();
  EXPECT_EQ(shorter->graph.node_count(), 2u);
  EXPECT_TRUE(shorter->graph.initializers().empty());
  EXPECT_TRUE(formats::CheckModel(*shorter).ok());
  ir::Tensor x = ir::Tensor::Of<float>({1, 3, 4}, {-1, -2, -3, -4, 5, 6, 7, 8, 9, 10, 11, 12});
  ir::Tensor s = ir::Tensor::Zeros(ir::DataType::kFloat32, {1, 2, 3});
  x.name = "x";
  s.name = "s";
  const auto outputs = testing::RunModel(*shorter, {x, s});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ((*outputs)[0], ir::Tensor::Of<float>({1, 2, 3}, {.5, .5, .5, .5, .5, .5}));
  EXPECT_EQ((*outputs)[1],
            ir::Tensor::Of<float>({1, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(EndAt, NamesWhatCanNotBeAnEnd) {
  const auto message = [](const std::vector<std::string>& names) {
    const auto shorter = EndAt(Detector(), names);
    return shorter.ok() ? std::string() : shorter.error().message;
  };
  EXPECT_NE(message({"boxes", "logits"}).find("no value 'logits'"), std::string::npos);
  EXPECT_NE(message({"x"}).find("'x' is an input or a constant"), std::string::npos);
  EXPECT_NE(message({"most"}).find("'most' is an input or a constant"), std::string::npos);
  EXPECT_NE(message({"boxes", "boxes"}).find("'boxes' is named twice"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::pipeline
