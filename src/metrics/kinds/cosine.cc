// Cosine of the angle between the model's and the baseline's output, the mean over samples; with
// several outputs the lowest of each sample counts. Details: "output/NAME", the mean of each.
// Two outputs that are zero everywhere have cosine 1; if one is, it is 0.
#include <algorithm>
#include <cmath>

#include "metrics/parameters.h"
#include "metrics/reference.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

double CosineOf(const ReferencePair& pair) {
  double product = 0, reference = 0, output = 0;
  for (size_t i = 0; i < pair.output.size(); ++i) {
    const double r = pair.reference[i], o = pair.output[i];
    product += r * o;
    reference += r * r;
    output += o * o;
  }
  if (reference == 0 || output == 0) return reference == output ? 1 : 0;
  return std::clamp(product / std::sqrt(reference) / std::sqrt(output), -1.0, 1.0);
}

class Cosine : public Metric {
 public:
  explicit Cosine(std::string output) : output_(std::move(output)) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(lowest_.size());
    EDGEOPT_TRY(const auto pairs, PairWithReference(observation, output_, number));
    double lowest = 1;
    for (const ReferencePair& pair : pairs) {
      const double cosine = CosineOf(pair);
      if (std::isnan(cosine))
        return BadInput("output '" + pair.name + "' of sample " + std::to_string(number) +
                        " or the baseline's holds infinity; its cosine is undefined");
      sums_[pair.name] += cosine;
      lowest = std::min(lowest, cosine);
    }
    lowest_.push_back(static_cast<float>(lowest));
    return OkStatus();
  }

  Result<Score> Finish() override {
    EDGEOPT_TRY(Score score, MeanScore(std::move(lowest_)));
    for (const auto& [name, sum] : sums_)
      score.details["output/" + name] = sum / static_cast<double>(score.samples);
    return score;
  }

 private:
  std::string output_;
  std::vector<float> lowest_;
  std::map<std::string, double> sums_;
};

}  // namespace

MetricInfo cosine() {
  return {"cosine", "cosine of the outputs with the baseline's (needs no labels)", false,
          [](const MetricOptions& options) -> Result<std::unique_ptr<Metric>> {
            EDGEOPT_TRY(const Parameters parameters, Parameters::Make("cosine", options));
            return std::unique_ptr<Metric>(new Cosine(parameters.Text("output")));
          }};
}

}  // namespace edgeopt::metrics
