#include "metrics/scores.h"

#include <numeric>

namespace edgeopt::metrics {
namespace {

double Mean(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Error NoSamples() {
  return BadInput("the metric got no sample", "check that the data set is not empty");
}

Result<Score> ShareScore(std::vector<float> right) {
  if (right.empty()) return NoSamples();
  Score score;
  score.value = Mean(right);
  score.samples = static_cast<int64_t>(right.size());
  const double hits = std::accumulate(right.begin(), right.end(), 0.0);
  score.interval = WilsonInterval(static_cast<int64_t>(hits), score.samples);
  score.per_sample = std::move(right);
  return score;
}

Result<Score> MeanScore(std::vector<float> per_sample) {
  const auto weighted_mean = [&](std::span<const uint32_t> counts) {
    double sum = 0;
    for (size_t i = 0; i < counts.size(); ++i)
      if (counts[i]) sum += counts[i] * static_cast<double>(per_sample[i]);
    return sum / static_cast<double>(per_sample.size());
  };
  EDGEOPT_TRY(Score score, ResampledScore(per_sample.size(), weighted_mean));
  score.replicates.clear();
  score.per_sample = std::move(per_sample);
  return score;
}

Result<Score> ResampledScore(
    size_t samples, const std::function<double(std::span<const uint32_t> counts)>& statistic,
    int resamples) {
  if (samples == 0) return NoSamples();
  Score score;
  score.value = statistic(std::vector<uint32_t>(samples, 1));
  score.samples = static_cast<int64_t>(samples);
  score.replicates = Bootstrap(samples, statistic, resamples);
  score.interval = BiasCorrectedInterval(score.replicates, score.value);
  return score;
}

}  // namespace edgeopt::metrics
