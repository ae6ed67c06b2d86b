// Models seen through others: names, orders of axes, integers.
#include "pipeline/matched_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/float_io.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using runtimes::TensorSpec;
using ::testing::HasSubstr;

TensorSpec Spec(std::string name, ir::Dims dims, ir::DataType type = ir::DataType::kFloat32) {
  TensorSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.symbols.resize(dims.size());
  spec.dims = std::move(dims);
  return spec;
}

Tensor Named(std::string name, Tensor tensor) {
  tensor.name = std::move(name);
  return tensor;
}

// Hands its inputs on, as they come, under its outputs' names.
class Echo : public runtimes::Session {
 public:
  Echo(std::vector<TensorSpec> inputs, std::vector<TensorSpec> outputs)
      : inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}
  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }
  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs) override {
    seen = inputs;
    std::vector<Tensor> outputs = inputs;
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].name = outputs_[i].name;
    return outputs;
  }
  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return Internal("none");
  }
  std::vector<Tensor> seen;

 private:
  std::vector<TensorSpec> inputs_, outputs_;
};

TEST(MatchedSession, MovesChannelsAndRenames) {
  Echo tflite({Spec("serving_x", {1, 1, 2, 3})}, {Spec("serving_y", {1, 1, 2, 3})});
  const Echo onnx({Spec("x", {1, 3, 1, 2})}, {Spec("y", {1, 3, 1, 2})});
  const auto matched = MatchedTo(tflite, onnx);
  ASSERT_TRUE(matched.ok()) << matched.error().ToString();
  const auto outputs =
      (*matched)->Run({Named("x", Tensor::Of<float>({1, 3, 1, 2}, {0, 1, 2, 3, 4, 5}))});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ(tflite.seen[0].name, "serving_x");
  EXPECT_EQ(tflite.seen[0], Tensor::Of<float>({1, 1, 2, 3}, {0, 2, 4, 1, 3, 5}));
  EXPECT_EQ((*outputs)[0].name, "y");
}

TEST(MatchedSession, NamesComeBeforePlaces) {
  Echo other({Spec("b", {2}), Spec("a", {2})}, {Spec("p", {2}), Spec("q", {2})});
  const Echo like({Spec("a", {2}), Spec("b", {2})}, {Spec("q", {2})});
  const auto matched = MatchedTo(other, like);
  ASSERT_TRUE(matched.ok()) << matched.error().ToString();
  const auto outputs = (*matched)->Run(
      {Named("b", Tensor::Of<float>({2}, {1, 2})), Named("a", Tensor::Of<float>({2}, {3, 4}))});
  ASSERT_EQ(outputs->size(), 1u);  // q alone, which is what came second
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2}, {3, 4}));
}

TEST(MatchedSession, WhatDoesNotFitIsNamed) {
  const Echo like({Spec("x", {1, 3, 8, 8})}, {Spec("y", {1})});
  for (const auto& [dims, type, message] :
       {std::tuple{ir::Dims{1, 3, 8, 9}, ir::DataType::kFloat32, "float32[1, 3, 8, 9]"},
        std::tuple{ir::Dims{1, 3, 8, 8}, ir::DataType::kInt32, "int32[1, 3, 8, 8]"}}) {
    Echo other({Spec("x", dims, type)}, {Spec("y", {1})});
    const auto matched = MatchedTo(other, like);
    ASSERT_FALSE(matched.ok());
    EXPECT_THAT(matched.error().message, HasSubstr(message));
  }
  Echo more({Spec("x", {1, 3, 8, 8}), Spec("z", {1})}, {Spec("y", {1})});
  EXPECT_FALSE(MatchedTo(more, like).ok());
}

// q = round(x / 0.5) + 3, x = (q - 3) * 0.5: by hand.
TEST(FloatIo, QuantizesAsTheFileSays) {
  TensorSpec input = Spec("x", {3}, ir::DataType::kInt8), output = Spec("y", {3}, input.type);
  input.quantization = output.quantization = runtimes::Quantization{0.5F, 3};
  Echo session({input}, {output});
  Integers integers = IntegersOf(session.inputs());
  integers.merge(IntegersOf(session.outputs()));
  const auto model = WithFloatIo(session, integers);
  EXPECT_EQ(model->inputs()[0].type, ir::DataType::kFloat32);
  const auto outputs = model->Run({Named("x", Tensor::Of<float>({3}, {0, 1.3F, 1000}))});
  ASSERT_TRUE(outputs.ok());
  EXPECT_EQ(session.seen[0], Tensor::Of<int8_t>({3}, {3, 6, 127}));
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({3}, {0, 1.5F, 62}));
  // Integers are taken as they are.
  ASSERT_TRUE(model->Run({Named("x", Tensor::Of<int8_t>({3}, {1, 2, 3}))}).ok());
  EXPECT_EQ(session.seen[0], Tensor::Of<int8_t>({3}, {1, 2, 3}));
}

TEST(FloatIo, OnlyQuantizedIntegersCount) {
  TensorSpec plain = Spec("image", {3}, ir::DataType::kUint8);
  TensorSpec wide = Spec("ids", {3}, ir::DataType::kInt32);
  wide.quantization = runtimes::Quantization{1, 0};
  const std::vector<TensorSpec> specs = {plain, wide};
  EXPECT_TRUE(IntegersOf(specs).empty());
}

}  // namespace
}  // namespace edgeopt::pipeline
