// Values inside a TFLite file as outputs, for `compare`.
#include "pipeline/inner_values.h"

#include <gtest/gtest.h>

#include "formats/tflite/file.h"
#include "support/convert.h"

namespace edgeopt::pipeline {
namespace {

// TensorFlow's converter calls an input's tensor "serving_default_x:0" and says in the signature
// that it is "x".
TEST(InnerValues, InputsKeepTheSignaturesNames) {
  auto converted = testing::Converted(
      "agraph (float[1, 4] x) => (float[1, 4] y) { h = Sigmoid(x) y = Tanh(h) }");
  ASSERT_TRUE(converted.ok()) << converted.error().ToString();
  formats::tflite::File& file = converted->file;
  auto& graph = *file.model.subgraphs.front();
  graph.tensors[static_cast<size_t>(graph.inputs.at(0))]->name = "serving_default_x:0";
  ASSERT_EQ(file.model.signature_defs.at(0)->inputs.at(0)->name, "x");

  const auto changed = WithOutputs(file, {"h"});
  ASSERT_TRUE(changed.ok()) << changed.error().ToString();
  const auto bytes = formats::tflite::SerializeTflite(*changed);
  ASSERT_TRUE(bytes.ok()) << bytes.error().ToString();
  const auto session = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), {});
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  ASSERT_EQ((*session)->inputs().size(), 1u);
  EXPECT_EQ((*session)->inputs()[0].name, "x");
  ASSERT_EQ((*session)->outputs().size(), 1u);
  EXPECT_EQ((*session)->outputs()[0].name, "h");
  ir::Tensor input = ir::Tensor::Of<float>({1, 4}, {0, 0, 0, 0});
  input.name = "x";
  const auto outputs = (*session)->Run({input});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ(outputs->at(0).ToFloats().value(), std::vector<float>(4, 0.5f));
}

}  // namespace
}  // namespace edgeopt::pipeline
