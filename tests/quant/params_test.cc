#include "quant/params.h"

#include <cmath>
#include <limits>

#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

Scheme SchemeOf(const nlohmann::json& row) {
  const bool symmetric = row["symmetric"];
  const bool reduced = row["reduced"];
  Scheme scheme{*QuantTypeFromName(row["type"].get<std::string>()), symmetric, reduced, false};
  // ONNX Runtime leaves out the lowest value of symmetric int8 and int16.
  scheme.narrow_range = symmetric && !reduced && IsSigned(scheme.type) && BitsOf(scheme.type) > 4;
  return scheme;
}

TEST(Scheme, LimitsAreOnnxRuntimes) {
  for (const auto& row : Expected()["params"]["rows"]) {
    const Limits expected{row["qmin"], row["qmax"]};
    EXPECT_EQ(LimitsOf(SchemeOf(row)), expected)
        << row["type"] << row["reduced"] << row["symmetric"];
  }
}

TEST(Scheme, NarrowRange) {
  EXPECT_EQ(LimitsOf({QuantType::kInt4, true, false, true}), (Limits{-7, 7}));
  EXPECT_EQ(LimitsOf({QuantType::kInt4, true, true, true}), (Limits{-3, 3}));
  EXPECT_EQ(LimitsOf({QuantType::kUint8, true, false, true}), (Limits{1, 255}));
  EXPECT_EQ(LimitsOf({QuantType::kInt8, true, true, true}), (Limits{-64, 64}));
}

TEST(Scheme, Names) {
  for (const auto type : {QuantType::kInt8, QuantType::kUint8, QuantType::kInt16,
                          QuantType::kUint16, QuantType::kInt4, QuantType::kUint4})
    EXPECT_EQ(QuantTypeFromName(Name(type)), type);
  EXPECT_EQ(QuantTypeFromName("float8"), std::nullopt);
}

TEST(Params, ScaleAndZeroPointAreOnnxRuntimes) {
  const auto& expected = Expected()["params"];
  size_t compared = 0;
  for (const auto& row : expected["rows"]) {
    const Scheme scheme = SchemeOf(row);
    for (size_t i = 0; i < expected["ranges"].size(); ++i) {
      const Range range{expected["ranges"][i][0], expected["ranges"][i][1]};
      const QuantParams params = ParamsFor(range, scheme);
      EXPECT_EQ(params.scale, row["params"][i][0].get<float>()) << row << i;
      if (range.max <= 1e-40f && range.min >= -1e-40f) {
        // No extent: ours is the zero point that [0, x] would have.
        EXPECT_EQ(params.zero_point, ParamsFor({0, 1}, scheme).zero_point);
      } else {
        EXPECT_EQ(params.zero_point, row["params"][i][1].get<int>()) << row << i;
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 200u);
}

TEST(Params, RangeFromZeroHasTheLowestZeroPoint) {
  EXPECT_EQ(ParamsFor({0, 6}, {QuantType::kUint8}).zero_point, 0);
  EXPECT_EQ(ParamsFor({0, 6}, {QuantType::kInt8}).zero_point, -128);
  EXPECT_EQ(ParamsFor({0.5f, 6}, {QuantType::kInt8}).zero_point, -128);
  EXPECT_EQ(ParamsFor({0, 0}, {QuantType::kInt8}).zero_point, -128);
}

TEST(Params, RepresentableRange) {
  // Scale 1 / 255 * 4 and zero point round(1 / scale) = round(63.75) = 64.
  const QuantParams params = ParamsFor({-1, 3}, {QuantType::kUint8});
  EXPECT_EQ(params.zero_point, 64);
  EXPECT_FLOAT_EQ(RepresentableRange(params).min, -64 * 4.0f / 255);
  EXPECT_FLOAT_EQ(RepresentableRange(params).max, 191 * 4.0f / 255);
}

TEST(Params, OddRanges) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const QuantParams nothing = ParamsFor({kNan, kNan}, {QuantType::kUint8});
  EXPECT_EQ(nothing.scale, 1);
  EXPECT_EQ(nothing.zero_point, 0);
  const QuantParams huge = ParamsFor({-kInfinity, kInfinity}, {QuantType::kInt8});
  EXPECT_TRUE(std::isfinite(huge.scale));
  EXPECT_GT(huge.scale, 1e36f);
}

TEST(QuantizeValue, TiesGoToEven) {
  const QuantParams params{.scale = 0.5f, .zero_point = 3, .type = QuantType::kUint8};
  EXPECT_EQ(QuantizeValue(0.25f, params), 3);   // 0.5 to 0
  EXPECT_EQ(QuantizeValue(0.75f, params), 5);   // 1.5 to 2
  EXPECT_EQ(QuantizeValue(1.25f, params), 5);   // 2.5 to 2
  EXPECT_EQ(QuantizeValue(-0.25f, params), 3);  // -0.5 to 0
  EXPECT_EQ(QuantizeValue(-0.75f, params), 1);  // -1.5 to -2
}

TEST(QuantizeValue, SaturatesAndTakesNanAsZero) {
  const QuantParams params = ParamsFor({-1, 1}, kInt8WeightScheme);
  EXPECT_EQ(QuantizeValue(1e30f, params), 127);
  EXPECT_EQ(QuantizeValue(-std::numeric_limits<float>::infinity(), params), -127);
  EXPECT_EQ(QuantizeValue(std::numeric_limits<float>::quiet_NaN(), params), 0);
}

TEST(QuantizeValue, IsOnnxRuntimesQuantizeLinear) {
  size_t compared = 0;
  for (const auto& row : Expected()["quantize_linear"]) {
    QuantParams params{.scale = row["scale"], .zero_point = row["zero_point"]};
    params.type = *QuantTypeFromName(row["type"].get<std::string>());
    std::tie(params.qmin, params.qmax) =
        std::pair(LimitsOf(params.type).qmin, LimitsOf(params.type).qmax);
    for (size_t i = 0; i < row["x"].size(); ++i) {
      const float x = std::stof(row["x"][i].get<std::string>());
      EXPECT_EQ(QuantizeValue(x, params), row["y"][i].get<int>()) << row["type"] << " x " << x;
      ++compared;
    }
  }
  EXPECT_GT(compared, 400u);
}

}  // namespace
}  // namespace edgeopt::quant
