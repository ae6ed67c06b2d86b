#include "quant/weights.h"

#include <cmath>
#include <limits>

#include "quant/fake_quant.h"
#include "quant/int4.h"
#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

std::vector<int> AsInts(const QuantizedWeights& quantized) {
  std::vector<int> values;
  for (const uint8_t value : quantized.values)
    values.push_back(IsSigned(quantized.scheme.type) ? static_cast<int8_t>(value) : value);
  return values;
}

double SquaredError(const std::vector<float>& weights, const QuantizedWeights& quantized) {
  const std::vector<float> back = Dequantize(quantized);
  double error = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    error += (double{weights[i]} - back[i]) * (double{weights[i]} - back[i]);
  return error;
}

TEST(Weights, PerChannelByHand) {
  // Two channels along the first axis: scales 1.27 / 127 = 0.01 and 254 / 127 = 2.
  const std::vector<float> weights = {1.27f, -0.635f, 0.004f, -254, 3, 5};
  const auto quantized = QuantizeWeights(weights, {1, 2, 3});
  ASSERT_TRUE(quantized.ok());
  EXPECT_FLOAT_EQ(quantized->scales[0], 0.01f);
  EXPECT_EQ(quantized->scales[1], 2.0f);
  EXPECT_EQ(quantized->zero_points, (std::vector<int32_t>{0, 0}));
  // 3 / 2 = 1.5 and 5 / 2 = 2.5: both to 2.
  EXPECT_EQ(AsInts(*quantized), (std::vector<int>{127, -64, 0, -127, 2, 2}));
}

TEST(Weights, ChannelAxisAnywhere) {
  // The same three channels, each of 2 x 5 elements, laid out with the axis first, in the middle
  // and last.
  constexpr size_t kOuter = 2, kChannels = 3, kInner = 5;
  const std::vector<float> first = Bell(kOuter * kChannels * kInner, 6);
  std::vector<float> middle(first.size()), last(first.size());
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t o = 0; o < kOuter; ++o) {
      for (size_t i = 0; i < kInner; ++i) {
        const float value = first[(c * kOuter + o) * kInner + i] * static_cast<float>(c + 1);
        middle[(o * kChannels + c) * kInner + i] = value;
        last[(o * kInner + i) * kChannels + c] = value;
      }
    }
  }
  std::vector<float> scaled = first;
  for (size_t i = 0; i < scaled.size(); ++i) {
    const size_t channel = i / (kOuter * kInner);
    scaled[i] *= static_cast<float>(channel + 1);
  }
  const auto a = QuantizeWeights(scaled, {1, kChannels, kOuter * kInner});
  const auto b = QuantizeWeights(middle, {kOuter, kChannels, kInner});
  const auto c = QuantizeWeights(last, {kOuter * kInner, kChannels, 1});
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(a->scales, b->scales);
  EXPECT_EQ(a->scales, c->scales);
  for (size_t ch = 0; ch < kChannels; ++ch) {
    for (size_t o = 0; o < kOuter; ++o) {
      for (size_t i = 0; i < kInner; ++i) {
        const uint8_t value = a->values[(ch * kOuter + o) * kInner + i];
        ASSERT_EQ(b->values[(o * kChannels + ch) * kInner + i], value);
        ASSERT_EQ(c->values[(o * kInner + i) * kChannels + ch], value);
      }
    }
  }
}

TEST(Weights, ManyChannelsInTheLastAxis) {
  // More channels than a tile holds.
  constexpr size_t kRows = 700, kChannels = 101;
  const std::vector<float> weights = Tails(kRows * kChannels, 8);
  const auto quantized = QuantizeWeights(weights, {kRows, kChannels, 1});
  ASSERT_TRUE(quantized.ok());
  for (size_t c = 0; c < kChannels; ++c) {
    float largest = 0;
    for (size_t r = 0; r < kRows; ++r)
      largest = std::max(largest, std::abs(weights[r * kChannels + c]));
    ASSERT_FLOAT_EQ(quantized->scales[c], largest / 127);
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    const QuantParams params = quantized->params(i % kChannels);
    ASSERT_EQ(static_cast<int8_t>(quantized->values[i]), QuantizeValue(weights[i], params));
  }
  const std::vector<float> back = Dequantize(*quantized);
  for (size_t i = 0; i < weights.size(); ++i)
    ASSERT_LE(std::abs(back[i] - weights[i]), quantized->scales[i % kChannels] * 0.5001f);
}

TEST(Weights, PerTensorIsOnnxRuntimes) {
  const std::vector<float> weights = Tails(64, 21);
  for (const auto& row : Expected()["weights"]["rows"]) {
    const auto type = *QuantTypeFromName(row["type"].get<std::string>());
    const bool symmetric = row["symmetric"];
    Scheme scheme{type, symmetric};
    scheme.narrow_range = symmetric && type == QuantType::kInt8;
    const auto quantized = QuantizeWeights(weights, {1, 1, 64}, {scheme});
    ASSERT_TRUE(quantized.ok());
    EXPECT_EQ(quantized->scales[0], row["scale"].get<float>()) << row["type"] << symmetric;
    EXPECT_EQ(quantized->zero_points[0], row["zero_point"].get<int>());
    EXPECT_EQ(AsInts(*quantized), row["values"].get<std::vector<int>>());
  }
}

TEST(Weights, DeadChannelsTakeTheLargestScale) {
  const std::vector<float> weights = {0, 0, 1.27f, 0, 1e-41f, 0, 2.54f, 1};
  const auto quantized = QuantizeWeights(weights, {1, 4, 2});
  ASSERT_TRUE(quantized.ok());
  EXPECT_EQ(quantized->scales[0], quantized->scales[3]);
  EXPECT_EQ(quantized->scales[2], quantized->scales[3]);
  EXPECT_FLOAT_EQ(quantized->scales[1], 0.01f);
  EXPECT_EQ(AsInts(*quantized), (std::vector<int>{0, 0, 127, 0, 0, 0, 127, 50}));
  const auto all_dead = QuantizeWeights(std::vector<float>(4, 0.0f), {1, 2, 2});
  EXPECT_EQ(all_dead->scales, (std::vector<float>{1, 1}));
}

TEST(Weights, LeastSquaresIsNeverWorseAndGainsAtFourBits) {
  const std::vector<float> weights = Tails(32 * 100, 15);
  for (const Scheme scheme : {kInt8WeightScheme, Scheme{QuantType::kInt4, true, false, true},
                              Scheme{QuantType::kUint4}}) {
    const auto plain = QuantizeWeights(weights, {1, 32, 100}, {scheme, false});
    const auto searched = QuantizeWeights(weights, {1, 32, 100}, {scheme, true});
    ASSERT_TRUE(plain.ok() && searched.ok());
    const double before = SquaredError(weights, *plain), after = SquaredError(weights, *searched);
    EXPECT_LE(after, before);
    if (BitsOf(scheme.type) == 4) {
      EXPECT_LT(after, before * 0.97);
    }
    // A scan over all scales, finer than the search, finds nothing much better.
    for (size_t channel = 0; channel < 32; ++channel) {
      const auto values = std::span(weights).subspan(channel * 100, 100);
      const double found = QuantizationNoise(values, searched->params(channel));
      QuantParams params = plain->params(channel);
      double least = std::numeric_limits<double>::infinity();
      for (double factor = 0.2; factor <= 1; factor += 0.001) {
        params.scale = static_cast<float>(plain->scales[channel] * factor);
        least = std::min(least, QuantizationNoise(values, params));
      }
      EXPECT_LE(found, least * 1.1);
    }
  }
}

TEST(Weights, FourBitValuesPack) {
  const std::vector<float> weights = {-7, 7, 3, -1};
  const auto quantized =
      QuantizeWeights(weights, {1, 1, 4}, {{QuantType::kInt4, true, false, true}});
  ASSERT_TRUE(quantized.ok());
  EXPECT_EQ(AsInts(*quantized), (std::vector<int>{-7, 7, 3, -1}));
  EXPECT_EQ(PackInt4(quantized->values), (std::vector<uint8_t>{0x79, 0xF3}));
}

TEST(Weights, WhatCannotBeQuantized) {
  std::vector<float> weights = Bell(12, 1);
  const auto wrong = QuantizeWeights(weights, {1, 3, 5});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kBadInput);
  weights[7] = std::numeric_limits<float>::quiet_NaN();
  const auto nan = QuantizeWeights(weights, {1, 3, 4});
  ASSERT_FALSE(nan.ok());
  EXPECT_EQ(nan.error().message, "weight 7 is NaN");
  weights[7] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(QuantizeWeights(weights, {1, 3, 4}).error().message, "weight 7 is infinite");
  EXPECT_EQ(QuantizeWeights({}, {0, 0, 0}, {{QuantType::kInt16, true}}).error().code,
            ErrorCode::kUnsupported);
  const auto nothing = QuantizeWeights({}, {1, 0, 4});
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->values.empty());
}

TEST(Bias, ByHand) {
  // Scales 0.5 * 0.25 = 0.125 and 0.5 * 2 = 1.
  const std::vector<float> bias = {1, 2.5f}, scales = {0.25f, 2};
  const auto quantized = QuantizeBias(bias, 0.5f, scales);
  ASSERT_TRUE(quantized.ok());
  EXPECT_EQ(quantized->scales, (std::vector<float>{0.125f, 1}));
  EXPECT_EQ(quantized->values, (std::vector<int32_t>{8, 2}));
  EXPECT_EQ(quantized->clamped, 0u);
  const std::vector<float> one_scale = {0.25f};
  EXPECT_EQ(QuantizeBias(bias, 0.5f, one_scale)->values, (std::vector<int32_t>{8, 20}));
}

TEST(Bias, SaturationIsCounted) {
  const std::vector<float> bias = {1e6f, -1e6f, 1, 0}, scales = {1e-6f, 1e-6f, 1e-6f, 1e-30f};
  const auto quantized = QuantizeBias(bias, 1e-3f, scales);
  ASSERT_TRUE(quantized.ok());
  EXPECT_EQ(quantized->clamped, 2u);
  EXPECT_EQ(quantized->values[0], std::numeric_limits<int32_t>::max());
  EXPECT_EQ(quantized->values[1], std::numeric_limits<int32_t>::min());
  EXPECT_NEAR(quantized->values[2], 1e9, 100);
  EXPECT_EQ(quantized->values[3], 0);
}

TEST(Bias, WideningIsOnnxRuntimes) {
  for (const auto& row : Expected()["bias_scales"]) {
    const auto bias = row["bias"].get<std::vector<float>>();
    auto scales = row["weight_scales"].get<std::vector<float>>();
    const auto before = scales;
    const float input_scale = row["input_scale"];
    size_t expected_changes = 0;
    EXPECT_GT(QuantizeBias(bias, input_scale, scales)->clamped, 0u);
    const size_t changed = WidenScalesForBias(bias, input_scale, scales);
    for (size_t i = 0; i < scales.size(); ++i) {
      EXPECT_FLOAT_EQ(scales[i], row["new_scales"][i].get<float>());
      expected_changes += scales[i] != before[i];
    }
    EXPECT_EQ(changed, expected_changes);
    const auto quantized = QuantizeBias(bias, input_scale, scales);
    EXPECT_EQ(quantized->clamped, 0u);
    for (size_t i = 0; i < bias.size(); ++i) {
      const double expected = row["quantized"][i];
      // Their scale may differ in its last bit.
      EXPECT_NEAR(quantized->values[i], expected, std::abs(expected) * 2e-7 + 0.5);
    }
    EXPECT_EQ(WidenScalesForBias(bias, input_scale, scales), 0u);
  }
}

TEST(Bias, WidenedWeightsAreQuantizedAgain) {
  const std::vector<float> weights = {1e-9f, -5e-10f, 1, 0.5f}, bias = {3, 3};
  auto quantized = *QuantizeWeights(weights, {1, 2, 2});
  EXPECT_EQ(WidenScalesForBias(bias, 0.02f, quantized.scales), 1u);
  Requantize(weights, quantized);
  EXPECT_EQ(AsInts(quantized), (std::vector<int>{0, 0, 127, 64}));
  EXPECT_EQ(QuantizeBias(bias, 0.02f, quantized.scales)->clamped, 0u);
}

TEST(Bias, WhatCannotBeQuantized) {
  const std::vector<float> bias = {1, std::numeric_limits<float>::infinity()}, two = {1, 1},
                           three = {1, 1, 1};
  EXPECT_EQ(QuantizeBias(bias, 1, two).error().message, "bias 1 is infinite");
  EXPECT_EQ(QuantizeBias(bias, 1, three).error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace edgeopt::quant
