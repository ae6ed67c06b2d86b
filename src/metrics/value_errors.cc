#include "metrics/value_errors.h"

#include <cmath>

#include "metrics/inputs.h"
#include "metrics/parameters.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

class ValueErrorMetric : public Metric {
 public:
  ValueErrorMetric(const Parameters& parameters, ValueError error)
      : error_(error),
        output_(parameters.Text("output")),
        target_(parameters.Text("target", "target")),
        unit_(parameters.Text("unit")) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(sums_.size());
    EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, number));
    EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, target_, number));
    if (output->size() != target->size() || output->size() == 0)
      return BadInput(Describe("output", *output, number) + " has shape " +
                      ir::ToString(output->dims()) + ", target '" + target_ + "' " +
                      ir::ToString(target->dims()) + "; the number of elements must be the same");
    EDGEOPT_TRY(const auto values, Numbers(*output, "output", number));
    EDGEOPT_TRY(const auto truth, Numbers(*target, "target", number));
    Sum sum{0, static_cast<double>(values.size())};
    for (size_t i = 0; i < values.size(); ++i) {
      // Equal infinities are no error; their difference would be NaN.
      if (values[i] == truth[i]) continue;
      const double error = static_cast<double>(values[i]) - truth[i];
      sum.error += error_ == ValueError::kMeanAbsolute ? std::abs(error) : error * error;
    }
    sums_.push_back(sum);
    return OkStatus();
  }

  Result<Score> Finish() override {
    const auto statistic = [&](std::span<const uint32_t> counts) {
      double error = 0, elements = 0;
      for (size_t i = 0; i < sums_.size(); ++i) {
        if (counts[i] == 0) continue;
        error += counts[i] * sums_[i].error;
        elements += counts[i] * sums_[i].elements;
      }
      const double mean = error / elements;
      return error_ == ValueError::kMeanAbsolute ? mean : std::sqrt(mean);
    };
    EDGEOPT_TRY(Score score, ResampledScore(sums_.size(), statistic));
    score.higher_is_better = false;
    score.unit = unit_;
    return score;
  }

 private:
  struct Sum {
    double error, elements;
  };
  ValueError error_;
  std::string output_, target_, unit_;
  std::vector<Sum> sums_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeValueErrorMetric(std::string_view name, ValueError error,
                                                     const MetricOptions& options) {
  EDGEOPT_TRY(const Parameters parameters, Parameters::Make(name, options, {"target", "unit"}));
  return std::unique_ptr<Metric>(new ValueErrorMetric(parameters, error));
}

}  // namespace edgeopt::metrics
