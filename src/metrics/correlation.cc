#include "metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "metrics/inputs.h"
#include "metrics/parameters.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

std::vector<size_t> Ascending(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  return order;
}

// AverageRanks of a draw, in which value i occurs weights[i] times; `order` is Ascending(values).
std::vector<double> WeightedRanks(std::span<const double> values, std::span<const size_t> order,
                                  std::span<const uint32_t> weights) {
  std::vector<double> ranks(values.size());
  double below = 0;
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    double equals = 0;
    for (; end < order.size() && values[order[end]] == values[order[i]]; ++end)
      equals += weights[order[end]];
    for (; i < end; ++i) ranks[order[i]] = below + (equals + 1) / 2;
    below += equals;
  }
  return ranks;
}

// Rounding of the mean would give a constant side a tiny variance and the pair a random
// correlation.
bool IsConstant(std::span<const double> values, std::span<const uint32_t> weights) {
  std::optional<double> first;
  for (size_t i = 0; i < values.size(); ++i) {
    if (weights[i] == 0) continue;
    if (first && values[i] != *first) return false;
    first = values[i];
  }
  return true;
}

double Cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, energy_a = 0, energy_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += static_cast<double>(a[i]) * b[i];
    energy_a += static_cast<double>(a[i]) * a[i];
    energy_b += static_cast<double>(b[i]) * b[i];
  }
  return energy_a > 0 && energy_b > 0 ? product / std::sqrt(energy_a * energy_b) : 0;
}

class CorrelationMetric : public Metric {
 public:
  CorrelationMetric(const Parameters& parameters, bool of_ranks, bool in_pairs, std::string pooling)
      : of_ranks_(of_ranks),
        in_pairs_(in_pairs),
        pooling_(std::move(pooling)),
        output_(parameters.Text("output")),
        target_(parameters.Text("target", "target")) {}

  Status Update(const Observation& observation) override {
    const int64_t number = seen_++;
    EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, number));
    EDGEOPT_TRY(auto values, Numbers(*output, "output", number));
    if (pooling_ != "none") {
      EDGEOPT_TRY(values, Pool(observation, *output, values, number));
    }
    if (!in_pairs_ && values.size() != 1)
      return BadInput(Describe("output", *output, number) + " has " +
                          std::to_string(values.size()) + " values; expected one number per sample",
                      "for embeddings give the parameter 'prediction=cosine'");
    const bool second = in_pairs_ && number % 2 == 1;
    if (second && values.size() != first_.size())
      return BadInput(Describe("output", *output, number) + " has " +
                      std::to_string(values.size()) + " values, the other of its pair " +
                      std::to_string(first_.size()));
    if (second) predicted_.push_back(Cosine(first_, values));
    if (second) return OkStatus();
    EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, target_, number));
    EDGEOPT_TRY(const auto truth, Numbers(*target, "target", number));
    if (truth.size() != 1)
      return BadInput(Describe("target", *target, number) + " has " + std::to_string(truth.size()) +
                      " values; expected one number per sample");
    truth_.push_back(truth[0]);
    if (in_pairs_)
      first_ = std::move(values);
    else
      predicted_.push_back(values[0]);
    return OkStatus();
  }

  Result<Score> Finish() override {
    if (predicted_.size() != truth_.size())
      return BadInput("the last of " + std::to_string(seen_) +
                      " samples has no other to form a pair with");
    const auto order_x = Ascending(predicted_), order_y = Ascending(truth_);
    const auto statistic = [&](std::span<const uint32_t> weights) {
      if (!of_ranks_) return PearsonCorrelation(predicted_, truth_, weights);
      return PearsonCorrelation(WeightedRanks(predicted_, order_x, weights),
                                WeightedRanks(truth_, order_y, weights), weights);
    };
    EDGEOPT_TRY(Score score, ResampledScore(predicted_.size(), statistic));
    if (std::isnan(score.value))
      return BadInput("the correlation is undefined: all " + std::to_string(predicted_.size()) +
                      " predictions or all targets are equal, or one is infinite");
    return score;
  }

 private:
  // [T, D] to [D].
  Result<std::vector<float>> Pool(const Observation& observation, const ir::Tensor& output,
                                  const std::vector<float>& values, int64_t number) const {
    const ir::Dims& dims = output.dims();
    if (dims.size() < 2 || output.size() == 0 ||
        dims[dims.size() - 2] * dims.back() != output.size())
      return BadInput(Describe("output", output, number) + " has shape " + ir::ToString(dims) +
                      "; pooling needs [T, D]");
    const auto width = static_cast<size_t>(dims.back());
    const size_t length = values.size() / width;
    if (pooling_ == "first")
      return std::vector<float>(values.begin(), values.begin() + static_cast<ptrdiff_t>(width));
    std::vector<int64_t> mask(length, 1);
    if (const ir::Tensor* target = FindTarget(observation, "attention_mask")) {
      EDGEOPT_TRY(mask, Integers(*target, static_cast<int64_t>(length), number));
    }
    std::vector<float> mean(width, 0);
    // Cosine does not depend on the length, so the sum serves as the mean.
    for (size_t t = 0; t < length; ++t)
      for (size_t d = 0; mask[t] != 0 && d < width; ++d) mean[d] += values[t * width + d];
    return mean;
  }

  bool of_ranks_, in_pairs_;
  std::string pooling_, output_, target_;
  int64_t seen_ = 0;
  std::vector<float> first_;  // of the pair that is not complete
  std::vector<double> predicted_, truth_;
};

}  // namespace

std::vector<double> AverageRanks(std::span<const double> values) {
  return WeightedRanks(values, Ascending(values), std::vector<uint32_t>(values.size(), 1));
}

double PearsonCorrelation(std::span<const double> x, std::span<const double> y,
                          std::span<const uint32_t> weights) {
  if (IsConstant(x, weights) || IsConstant(y, weights))
    return std::numeric_limits<double>::quiet_NaN();
  double total = 0, mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    total += weights[i];
    mean_x += weights[i] * x[i];
    mean_y += weights[i] * y[i];
  }
  mean_x /= total;
  mean_y /= total;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xx += weights[i] * dx * dx;
    yy += weights[i] * dy * dy;
    xy += weights[i] * dx * dy;
  }
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);  // rounding may leave 1 + 1e-16
}

Result<std::unique_ptr<Metric>> MakeCorrelationMetric(std::string_view name, bool of_ranks,
                                                      const MetricOptions& options) {
  EDGEOPT_TRY(const Parameters parameters,
              Parameters::Make(name, options, {"target", "prediction", "pooling"}));
  EDGEOPT_TRY(const std::string prediction, parameters.Choice("prediction", {"value", "cosine"}));
  EDGEOPT_TRY(const std::string pooling, parameters.Choice("pooling", {"none", "mean", "first"}));
  if (pooling != "none" && prediction != "cosine")
    return parameters.Wrong("pooling", "it goes with 'prediction=cosine'");
  return std::unique_ptr<Metric>(
      new CorrelationMetric(parameters, of_ranks, prediction == "cosine", pooling));
}

}  // namespace edgeopt::metrics
