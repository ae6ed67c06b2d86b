// Paired tests of candidate against baseline: both were evaluated on the same samples, so what they
// agree on says nothing and the difference has a much narrower interval than either score.
#include <algorithm>
#include <cmath>

#include "metrics/metric.h"

namespace edgeopt::metrics {
namespace {

bool IsRightOrWrong(const Score& score) {
  return !score.per_sample.empty() && std::all_of(score.per_sample.begin(), score.per_sample.end(),
                                                  [](float v) { return v == 0 || v == 1; });
}

// McNemar's exact test. The interval is Agresti and Min's (Statistics in Medicine 24 (2005) 729):
// Wald's, after half a sample is added to each of the four cells; unlike Wald's own it keeps a
// width where the two never differ.
PairedTest McNemar(const Score& baseline, const Score& candidate) {
  int64_t lost = 0, won = 0;
  for (size_t i = 0; i < baseline.per_sample.size(); ++i) {
    lost += baseline.per_sample[i] > candidate.per_sample[i];
    won += baseline.per_sample[i] < candidate.per_sample[i];
  }
  const auto samples = static_cast<double>(baseline.per_sample.size());
  const double n = samples + 2, b = static_cast<double>(lost) + 0.5,
               c = static_cast<double>(won) + 0.5;
  const double centre = (c - b) / n;
  const double half = NormalQuantile(0.975) * std::sqrt(b + c - (c - b) * (c - b) / n) / n;
  return {"McNemar, exact",
          static_cast<double>(won - lost) / samples,
          {std::max(centre - half, -1.0), std::min(centre + half, 1.0), 0.95, "Agresti-Min"},
          SignTest(won, won + lost),
          baseline.samples};
}

// The share of draws on the other side of zero, twice (B. Efron and R. Tibshirani, An Introduction
// to the Bootstrap, section 15.4). One is added to both counts, so that it is never 0.
double BootstrapPValue(std::span<const double> differences) {
  const auto draws = static_cast<double>(differences.size());
  double below = 0, above = 0;
  for (const double difference : differences) {
    below += difference <= 0;
    above += difference >= 0;
  }
  return std::min(1.0, 2 * (std::min(below, above) + 1) / (draws + 1));
}

// Equal infinities (a perfect score on both sides) differ by nothing.
double Difference(double baseline, double candidate) {
  return baseline == candidate ? 0 : candidate - baseline;
}

PairedTest FromDifferences(double difference, std::vector<double> differences, int64_t samples) {
  std::erase_if(differences, [](double value) { return std::isnan(value); });
  PairedTest test;
  test.method = "paired bootstrap";
  test.difference = difference;
  test.p_value = BootstrapPValue(differences);
  test.interval = BootstrapInterval(std::move(differences));
  test.samples = samples;
  return test;
}

}  // namespace

Result<PairedTest> Compare(const Score& baseline, const Score& candidate) {
  if (baseline.samples != candidate.samples ||
      baseline.per_sample.size() != candidate.per_sample.size())
    return BadInput("the baseline was evaluated on " + std::to_string(baseline.samples) +
                        " samples, the candidate on " + std::to_string(candidate.samples),
                    "a paired test needs the same samples for both");
  if (IsRightOrWrong(baseline) && IsRightOrWrong(candidate)) return McNemar(baseline, candidate);

  const double difference = Difference(baseline.value, candidate.value);
  if (!baseline.per_sample.empty()) {
    std::vector<double> each(baseline.per_sample.size());
    for (size_t i = 0; i < each.size(); ++i)
      each[i] = Difference(baseline.per_sample[i], candidate.per_sample[i]);
    const auto mean = [&](std::span<const uint32_t> counts) {
      double sum = 0;
      for (size_t i = 0; i < each.size(); ++i)
        if (counts[i]) sum += counts[i] * each[i];
      return sum / static_cast<double>(each.size());
    };
    return FromDifferences(difference, Bootstrap(each.size(), mean), baseline.samples);
  }

  // Draw k took the same samples on both sides.
  const size_t draws = std::min(baseline.replicates.size(), candidate.replicates.size());
  if (draws == 0)
    return Unsupported(
        "this metric gives one number and nothing per sample, so whether a "
        "difference is chance can't be tested");
  std::vector<double> differences(draws);
  for (size_t k = 0; k < draws; ++k)
    differences[k] = Difference(baseline.replicates[k], candidate.replicates[k]);
  return FromDifferences(difference, std::move(differences), baseline.samples);
}

}  // namespace edgeopt::metrics
