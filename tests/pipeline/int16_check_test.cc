// How close LiteRT has to come to a model whose activations are int16: the floor and its exception,
// worked out by hand.
#include "pipeline/int16_check.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {
namespace {

// y of scale 0.5; `type` of the zero point.
ir::Model QuantizedTo(const std::string& type) {
  auto model = formats::ParseText(R"(<ir_version: 10, opset_import: ["" : 21]>
g (float[4] x) => (float[4] y)
<float s = {0.5}, )" + type + R"( z = {0}> {
  q = QuantizeLinear(x, s, z)
  y = DequantizeLinear(q, s, z)
})");
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

OutputDifference Output(double max_abs_error, double signal, double noise) {
  OutputDifference output;
  output.name = "y";
  output.is_float = true;
  output.max_abs_error = max_abs_error;
  output.signal = signal;
  output.noise = noise;
  return output;
}

TEST(Int16Check, KnowsTheModels) {
  EXPECT_TRUE(HasInt16Activations(QuantizedTo("int16")));
  EXPECT_FALSE(HasInt16Activations(QuantizedTo("int8")));
}

// 10 log10(1e5 / 1) = 50 dB, 10 log10(1e3 / 1) = 30 dB; 8 steps of 0.5 are 4.
TEST(Int16Check, FortyDecibelsOrEightSteps) {
  const ir::Model model = QuantizedTo("int16");
  EXPECT_TRUE(CloseInInt16({Output(100, 1e5, 1)}, model).ok());
  EXPECT_TRUE(CloseInInt16({Output(4, 1e3, 1)}, model).ok());
  const Status far = CloseInInt16({Output(4.1, 1e3, 1)}, model);
  ASSERT_FALSE(far.ok());
  EXPECT_NE(far.error().message.find("output 'y'"), std::string::npos) << far.error().message;
  EXPECT_NE(far.error().message.find("30.0"), std::string::npos) << far.error().message;
}

}  // namespace
}  // namespace edgeopt::pipeline
