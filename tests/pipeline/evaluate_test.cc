#include "pipeline/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using ::testing::HasSubstr;

// Sample i: four features, of which number i % 4 is the largest; labelled i % 4, but i % 3 == 0
// with the next class. So a model that passes features on is right for 20 of 30.
class ToyData : public data::Dataset {
 public:
  explicit ToyData(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  Result<data::Sample> Load(int64_t i) const override {
    std::vector<float> features = {0, 0, 0, 0};
    features[static_cast<size_t>(i % 4)] = 1 + static_cast<float>(i);
    data::Sample sample;
    sample.inputs = {Tensor::Of<float>({4}, features)};
    sample.targets = {Tensor::Scalar<int64_t>((i % 4 + (i % 3 == 0 ? 1 : 0)) % 4)};
    sample.targets[0].name = "label";
    return sample;
  }
  std::string SampleName(int64_t i) const override { return "toy " + std::to_string(i); }
  Result<std::string> ContentHash(int64_t i) const override { return std::to_string(i); }
  bool labelled() const override { return true; }
  std::string Describe() const override { return "toys"; }

 private:
  int64_t size_;
};

// y = f(x), with the sizes of the batches that it was run with.
class ToySession : public runtimes::Session {
 public:
  using Function = std::function<std::vector<float>(std::span<const float> all)>;
  ToySession(int64_t batch, Function function) : function_(std::move(function)) {
    inputs_ = {{"x", ir::DataType::kFloat32, {batch, 4}, {"", ""}}};
    outputs_ = {{"y", ir::DataType::kFloat32, {batch, 4}, {"", ""}}};
  }
  const std::vector<runtimes::TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<runtimes::TensorSpec>& outputs() const override { return outputs_; }
  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs) override {
    batches.push_back(inputs.at(0).dims().at(0));
    if (inputs_[0].dims[0] > 0 && inputs_[0].dims[0] != batches.back())
      return BadInput("wrong batch");
    Tensor y = Tensor::Of<float>(inputs[0].dims(), function_(inputs[0].as<float>()));
    y.name = "y";
    return std::vector<Tensor>{y};
  }
  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return Internal("none");
  }
  std::vector<int64_t> batches;

 private:
  std::vector<runtimes::TensorSpec> inputs_, outputs_;
  Function function_;
};

std::vector<float> Identity(std::span<const float> all) { return {all.begin(), all.end()}; }
// One scale for the whole batch, as dynamic quantization has it.
std::vector<float> ScaledByMax(std::span<const float> all) {
  const float max = *std::max_element(all.begin(), all.end());
  std::vector<float> scaled(all.begin(), all.end());
  for (float& value : scaled) value = std::round(value / max * 10) * max / 10;
  return scaled;
}

EvaluateOptions Top1() {
  EvaluateOptions options;
  options.metric = "top1";
  return options;
}

TEST(EvaluateTest, CountsWhatIsRight) {
  ToySession model(-1, Identity);
  const auto result = Evaluate(model, nullptr, ToyData(30), Top1());
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  EXPECT_NEAR(result->score.value, 20.0 / 30, 1e-12);
  EXPECT_EQ(result->score.samples, 30);
}

TEST(EvaluateTest, BatchesWhereTheyGiveTheSame) {
  ToySession model(-1, Identity);
  EXPECT_EQ(Evaluate(model, nullptr, ToyData(30), Top1())->batch_size, 8);
  EXPECT_EQ(model.batches.back(), 6);  // 30 = 3 * 8 + 6
  ToySession dynamic(-1, ScaledByMax);
  const auto result = Evaluate(dynamic, nullptr, ToyData(30), Top1());
  EXPECT_EQ(result->batch_size, 1);
  EXPECT_NEAR(result->score.value, 20.0 / 30, 1e-12);
}

TEST(EvaluateTest, AFixedBatchIsFilledUp) {
  ToySession one(1, Identity);
  EXPECT_NEAR(Evaluate(one, nullptr, ToyData(30), Top1())->score.value, 20.0 / 30, 1e-12);
  ToySession four(4, Identity);
  const auto result = Evaluate(four, nullptr, ToyData(30), Top1());
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  EXPECT_NEAR(result->score.value, 20.0 / 30, 1e-12);
  EXPECT_EQ(result->score.samples, 30);
  EXPECT_EQ(four.batches.size(), 8u);
}

TEST(EvaluateTest, AgreementIsWithTheBaseline) {
  ToySession model(-1, Identity), baseline(-1, [](std::span<const float> all) {
    std::vector<float> values(all.begin(), all.end());
    // Every other sample: another class.
    for (size_t row = 0; row < values.size() / 4; ++row)
      if (values[row * 4] > 0) values[row * 4 + 1] = 1000;
    return values;
  });
  EvaluateOptions options = Top1();
  options.metric = "agreement-top1";
  options.batch_size = 1;
  // Samples 0, 4, 8, ..., 28 of 32 disagree.
  EXPECT_NEAR(Evaluate(model, &baseline, ToyData(32), options)->score.value, 0.75, 1e-12);
  EXPECT_NEAR(Evaluate(model, &model, ToyData(32), options)->score.value, 1, 1e-12);
}

TEST(EvaluateTest, NanInAnOutputNamesTheSample) {
  ToySession model(-1, [](std::span<const float> all) {
    std::vector<float> values(all.begin(), all.end());
    for (float& value : values)
      if (value == 6) value = NAN;  // sample 5
    return values;
  });
  const auto result = Evaluate(model, nullptr, ToyData(30), Top1());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kBadInput);
  EXPECT_THAT(result.error().message, HasSubstr("toy 5"));
}

TEST(EvaluateTest, NoSamplesNoModelInputNoMetric) {
  ToySession model(-1, Identity);
  EXPECT_EQ(Evaluate(model, nullptr, ToyData(0), Top1()).error().code, ErrorCode::kBadInput);
  EvaluateOptions options = Top1();
  options.metric = "top2";
  EXPECT_EQ(Evaluate(model, nullptr, ToyData(3), options).error().code, ErrorCode::kUsage);
}

TEST(EvaluateTest, CanBeCancelled) {
  ToySession model(-1, Identity);
  CancelToken cancel;
  cancel.Cancel();
  EvaluateOptions options = Top1();
  options.cancel = &cancel;
  EXPECT_EQ(Evaluate(model, nullptr, ToyData(30), options).error().code, ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace edgeopt::pipeline
