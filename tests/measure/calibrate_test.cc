// Calibration runs in the real runtime: what is observed is worked out by hand.
#include "measure/calibrate.h"

#include <gtest/gtest.h>

#include <limits>

#include "formats/onnx/onnx.h"
#include "runtimes/onnxruntime/onnxruntime.h"

namespace edgeopt::measure {
namespace {

using ir::Tensor;

class CalibrateTest : public testing::Test {
 protected:
  void SetUp() override {
    auto runtime = runtimes::OpenOnnxRuntime(std::filesystem::path(EDGEOPT_DEPS_DIR) /
                                             "onnxruntime-1.31.1/x86_64/lib/libonnxruntime.so.1");
    ASSERT_TRUE(runtime.ok()) << runtime.error().ToString();
    runtime_ = *runtime;
    // a = 2 x, y = -a: for the sample [i, -i] the values are [2i, -2i] and [-2i, 2i].
    auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,2] x) => (float[1,2] y) <float two = {2}> {
  a = Mul(x, two)
  y = Neg(a)
})");
    ASSERT_TRUE(model.ok());
    model_ = *model;
  }

  Result<CalibrationRun> Run(const SampleSource& source, int64_t samples,
                             CalibrationOptions options = {}) {
    return Calibrate(model_, {"x", "a"}, *runtime_, source, samples, options);
  }

  static Result<std::vector<Tensor>> Ramp(int64_t index) {
    const auto value = static_cast<float>(index);
    Tensor tensor = Tensor::Of({1, 2}, std::vector<float>{value, -value});
    tensor.name = "x";
    return std::vector<Tensor>{tensor};
  }

  std::shared_ptr<runtimes::Runtime> runtime_;
  ir::Model model_;
};

// Of 0 to 4, and of -0 to -4; a is twice that. y is not asked for.
TEST_F(CalibrateTest, MeansOfChannels) {
  ASSERT_TRUE(formats::InferTypes(model_).ok());
  const auto run = Run(Ramp, 5, {.averaged = {"x", "a"}});
  ASSERT_TRUE(run.ok()) << run.error().ToString();
  EXPECT_EQ(run->means,
            (std::map<std::string, std::vector<float>>{{"a", {4, -4}}, {"x", {2, -2}}}));
}

TEST_F(CalibrateTest, ObservesInputsAndInnerValuesInHalves) {
  const auto run = Run(Ramp, 5);
  ASSERT_TRUE(run.ok()) << run.error().ToString();
  EXPECT_EQ(run->first_half.at("x").max, 2.0f);   // samples 0 to 2
  EXPECT_EQ(run->second_half.at("x").max, 4.0f);  // samples 3 and 4
  EXPECT_EQ(run->first_half.at("a").min, -4.0f);
  const auto whole = run->Whole();
  EXPECT_EQ(whole.at("a").max, 8.0f);
  EXPECT_EQ(whole.at("a").min, -8.0f);
  EXPECT_EQ(whole.at("a").count, 10u);
  EXPECT_EQ(whole.at("a").zeros, 2u);
  EXPECT_TRUE(whole.at("a").has_histogram);
}

TEST_F(CalibrateTest, TheNumberOfWorkersChangesNothing) {
  const auto one = Run(Ramp, 20, {1, true, {}, nullptr, nullptr});
  const auto four = Run(Ramp, 20, {4, true, {}, nullptr, nullptr});
  ASSERT_TRUE(one.ok() && four.ok());
  EXPECT_EQ(one->Whole().at("a").histogram, four->Whole().at("a").histogram);
  EXPECT_EQ(one->Whole().at("a").batches.moving_max, four->Whole().at("a").batches.moving_max);
}

TEST_F(CalibrateTest, OneSampleIsEnough) {
  const auto run = Run(Ramp, 1);
  ASSERT_TRUE(run.ok());
  EXPECT_TRUE(run->second_half.empty());
}

TEST_F(CalibrateTest, ASampleThatDoesNotFitIsNamed) {
  const auto run = Run(
      [](int64_t index) -> Result<std::vector<Tensor>> {
        if (index < 3) return Ramp(index);
        Tensor wrong = Tensor::Zeros(ir::DataType::kFloat32, {1, 7});
        wrong.name = "x";
        return std::vector<Tensor>{wrong};
      },
      4);
  ASSERT_FALSE(run.ok());
  EXPECT_NE(run.error().message.find("sample 3"), std::string::npos) << run.error().message;
}

TEST_F(CalibrateTest, OnlyNanIsAnError) {
  const auto run = Run(
      [](int64_t) -> Result<std::vector<Tensor>> {
        Tensor nan =
            Tensor::Of({1, 2}, std::vector<float>(2, std::numeric_limits<float>::quiet_NaN()));
        nan.name = "x";
        return std::vector<Tensor>{nan};
      },
      4);
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code, ErrorCode::kBadInput);
}

TEST_F(CalibrateTest, CancellingStops) {
  CancelToken cancel;
  cancel.Cancel();
  const auto run = Run(Ramp, 4, {2, true, {}, nullptr, &cancel});
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code, ErrorCode::kInterrupted);
}

// c = Clip(x, 0, 6) of the sample [i - 1, -i, i]: maxima 0 (all negative or zero), 1, 2, ... up
// to 6.
class BoundedTest : public CalibrateTest {
 protected:
  void SetUp() override {
    CalibrateTest::SetUp();
    auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,1,3] x) => (float[1,1,3] y) <float low = {0}, float high = {6}> {
  c = Clip(x, low, high)
  y = Neg(c)
})");
    ASSERT_TRUE(model.ok() && formats::InferTypes(*model).ok());
    model_ = *model;
  }

  Result<CalibrationRun> Observe(const CalibrationOptions& options) {
    const SampleSource source = [](int64_t index) -> Result<std::vector<Tensor>> {
      const auto i = static_cast<float>(index);
      Tensor tensor = Tensor::Of({1, 1, 3}, std::vector<float>{i - 1, -i, i});
      tensor.name = "x";
      return std::vector<Tensor>{tensor};
    };
    return Calibrate(model_, {"c", "y"}, *runtime_, source, 10, options);
  }
};

TEST_F(BoundedTest, RangesAreThoseOfTheWholeValue) {
  const auto whole = Observe({2, false, {}, nullptr, nullptr});
  const auto maxima = Observe({2, false, {"c"}, nullptr, nullptr});
  ASSERT_TRUE(whole.ok() && maxima.ok());
  for (const auto half : {&CalibrationRun::first_half, &CalibrationRun::second_half}) {
    const quant::TensorStatistics &a = ((*whole).*half).at("c"), &b = ((*maxima).*half).at("c");
    EXPECT_EQ(a.range(), b.range());
    EXPECT_EQ(a.batches.batches, b.batches.batches);
    EXPECT_EQ(a.batches.moving_max, b.batches.moving_max);
    EXPECT_EQ(a.batches.sum_max, b.batches.sum_max);
    EXPECT_EQ(b.batches.sum_min, 0);
    EXPECT_GT(a.count, b.count);  // that is how one knows that only maxima were seen
  }
  EXPECT_EQ(maxima->first_half.at("c").max, 4.0f);
  EXPECT_EQ(maxima->second_half.at("c").max, 6.0f);
  EXPECT_EQ(maxima->Whole().at("y").min, -6.0f);
}

TEST_F(BoundedTest, AHistogramNeedsTheWholeValue) {
  const auto run = Observe({2, true, {"c"}, nullptr, nullptr});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->Whole().at("c").count, 30u);
}

TEST_F(CalibrateTest, NoSampleIsAnError) { EXPECT_FALSE(Run(Ramp, 0).ok()); }

}  // namespace
}  // namespace edgeopt::measure
