// The bootstrap half of base/statistics.h.
#include <algorithm>
#include <cmath>

#include "base/statistics.h"

namespace edgeopt {
namespace {

void SortDefined(std::vector<double>& replicates) {
  std::erase_if(replicates, [](double value) { return std::isnan(value); });
  std::sort(replicates.begin(), replicates.end());
}

}  // namespace

std::span<const uint32_t> Resampler::Next() {
  std::fill(counts_.begin(), counts_.end(), 0);
  // Two 32-bit draws from each 64-bit one; draw * n / 2^32 is uniform on 0..n-1 but for a bias of
  // n / 2^32, and unlike std::uniform_int_distribution it is the same with every library.
  const uint64_t n = counts_.size();
  for (uint64_t i = 0; i < n; i += 2) {
    const uint64_t bits = engine_();
    ++counts_[(bits & 0xFFFFFFFFu) * n >> 32];
    if (i + 1 < n) ++counts_[(bits >> 32) * n >> 32];
  }
  return counts_;
}

std::vector<double> Bootstrap(size_t samples,
                              const std::function<double(std::span<const uint32_t>)>& statistic,
                              int resamples, uint64_t seed) {
  Resampler resampler(samples, seed);
  std::vector<double> replicates(static_cast<size_t>(resamples));
  for (double& replicate : replicates) replicate = statistic(resampler.Next());
  return replicates;
}

Interval BootstrapInterval(std::vector<double> replicates, double confidence) {
  SortDefined(replicates);
  const double tail_percent = 50 * (1 - confidence);
  return {Percentile(replicates, tail_percent), Percentile(replicates, 100 - tail_percent),
          confidence, "bootstrap, " + std::to_string(replicates.size()) + " resamples"};
}

Interval BiasCorrectedInterval(std::vector<double> replicates, double estimate, double confidence) {
  SortDefined(replicates);
  if (replicates.empty()) return {estimate, estimate, 0, "none: undefined on every draw"};
  const auto count = static_cast<double>(replicates.size());
  const auto [first, last] = std::equal_range(replicates.begin(), replicates.end(), estimate);
  const auto below = static_cast<double>(first - replicates.begin());
  const auto equal = static_cast<double>(last - first);
  // Half of what is equal counts as below. At least half a replicate is on each side: the normal
  // quantile is finite.
  const double share = std::clamp(below + equal / 2, 0.5, count - 0.5) / count;
  const double shift = 2 * NormalQuantile(share), z = NormalQuantile(0.5 + confidence / 2);
  return {Percentile(replicates, 100 * NormalCdf(shift - z)),
          Percentile(replicates, 100 * NormalCdf(shift + z)), confidence,
          "bias-corrected bootstrap, " + std::to_string(replicates.size()) + " resamples"};
}

Interval BootstrapInterval(std::span<const double> values,
                           const std::function<double(std::span<const double>)>& statistic,
                           uint64_t seed, double confidence) {
  std::vector<double> drawn(values.size());
  const auto on_draw = [&](std::span<const uint32_t> counts) {
    size_t next = 0;
    for (size_t i = 0; i < counts.size(); ++i)
      for (uint32_t k = 0; k < counts[i]; ++k) drawn[next++] = values[i];
    return statistic(drawn);
  };
  return BootstrapInterval(Bootstrap(values.size(), on_draw, kResamples, seed), confidence);
}

}  // namespace edgeopt
