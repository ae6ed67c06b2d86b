#include "quant/similarity.h"

#include <cmath>
#include <limits>

#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

Similarity Of(const std::vector<float>& reference, const std::vector<float>& value) {
  Similarity similarity;
  similarity.Add(reference, value);
  return similarity;
}

TEST(Similarity, WorkedByHand) {
  // Signal 9 + 16 = 25, noise 0.25: 10 log10(100) = 20 dB. Cosine: 25.0 / (5 * sqrt(25.25 + ...)).
  const Similarity similarity = Of({3, 4}, {3, 4.5f});
  EXPECT_NEAR(similarity.sqnr_db(), 20, 1e-12);
  EXPECT_NEAR(similarity.cosine(), 27 / (5 * std::sqrt(29.25)), 1e-15);
  EXPECT_EQ(similarity.max_abs_error(), 0.5);
  EXPECT_NEAR(similarity.rmse(), std::sqrt(0.125), 1e-15);
  EXPECT_EQ(similarity.count(), 2u);
}

TEST(Similarity, IsNumpys) {
  const std::vector<float> a = Bell(5001, 31);
  std::vector<float> b = Tails(5001, 32);
  for (size_t i = 0; i < b.size(); ++i) b[i] = a[i] + b[i] * 0.125f;
  const auto& expected = Expected()["similarity"];
  OnEveryTarget([&] {
    const Similarity similarity = Of(a, b);
    EXPECT_NEAR(similarity.sqnr_db(), expected["sqnr_db"].get<double>(), 1e-9);
    EXPECT_NEAR(similarity.cosine(), expected["cosine"].get<double>(), 1e-12);
    EXPECT_NEAR(similarity.max_abs_error(), expected["max_abs_error"].get<double>(), 1e-12);
    EXPECT_NEAR(similarity.rmse(), expected["rmse"].get<double>(), 1e-12);
  });
}

TEST(Similarity, PiecesAddUp) {
  const std::vector<float> a = Bell(1000, 1), b = Bell(1000, 2);
  Similarity pieces, other;
  pieces.Add(std::span(a).first(333), std::span(b).first(333));
  other.Add(std::span(a).subspan(333), std::span(b).subspan(333));
  pieces.Merge(other);
  EXPECT_NEAR(pieces.sqnr_db(), Of(a, b).sqnr_db(), 1e-12);
  EXPECT_NEAR(pieces.cosine(), Of(a, b).cosine(), 1e-12);
  EXPECT_EQ(pieces.max_abs_error(), Of(a, b).max_abs_error());
}

TEST(Similarity, LimitingCases) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Of({1, 2}, {1, 2}).sqnr_db(), kInfinity);
  EXPECT_NEAR(Of({1, 2}, {2, 4}).cosine(), 1, 1e-15);
  EXPECT_NEAR(Of({1, 2}, {-1, -2}).cosine(), -1, 1e-15);
  EXPECT_EQ(Of({0, 0}, {0, 0}).cosine(), 1);
  EXPECT_EQ(Of({0, 0}, {0, 1}).cosine(), 0);
  EXPECT_EQ(Of({0, 0}, {0, 1}).sqnr_db(), -kInfinity);
  EXPECT_EQ(Of({}, {}).sqnr_db(), kInfinity);
  EXPECT_EQ(Of({}, {}).rmse(), 0);
}

TEST(Similarity, NanIsNotHidden) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OnEveryTarget([&] {
    std::vector<float> values(100, 1.0f);
    values[37] = nan;
    const Similarity similarity = Of(std::vector<float>(100, 1.0f), values);
    EXPECT_TRUE(std::isnan(similarity.sqnr_db()));
    EXPECT_TRUE(std::isnan(similarity.cosine()));
    EXPECT_TRUE(std::isnan(similarity.max_abs_error()));
  });
  EXPECT_TRUE(std::isnan(Of({0}, {nan}).sqnr_db()));
}

}  // namespace
}  // namespace edgeopt::quant
