#include "metrics/classification.h"

#include <algorithm>

#include "metrics/inputs.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

class TopK : public Metric {
 public:
  TopK(ClassReader reader, int64_t k) : reader_(std::move(reader)), k_(k) {}

  Status Update(const Observation& observation) override {
    EDGEOPT_TRY(ClassReader::Sample sample,
                reader_.Read(observation, static_cast<int64_t>(right_.size())));
    const float own = sample.scores[static_cast<size_t>(sample.label)];
    int64_t better = 0;
    for (int64_t i = 0; i < static_cast<int64_t>(sample.scores.size()); ++i) {
      const float score = sample.scores[static_cast<size_t>(i)];
      better += score > own || (score == own && i < sample.label);
    }
    right_.push_back(better < k_ ? 1.0f : 0.0f);
    ties_ += TiedAt(std::move(sample.scores), k_);
    return OkStatus();
  }

  Result<Score> Finish() override {
    EDGEOPT_TRY(Score score, ShareScore(std::move(right_)));
    score.details["ties"] = static_cast<double>(ties_);
    return score;
  }

 private:
  ClassReader reader_;
  int64_t k_, ties_ = 0;
  std::vector<float> right_;
};

}  // namespace

int64_t ArgMax(std::span<const float> values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

bool TiedAt(std::vector<float> values, int64_t k) {
  if (static_cast<int64_t>(values.size()) <= k) return false;
  const auto next = values.begin() + k;  // after this: the (k+1)-th largest, the k largest before
  std::nth_element(values.begin(), next, values.end(), std::greater<>());
  return *std::min_element(values.begin(), next) == *next;
}

Result<ClassReader> ClassReader::Make(const Parameters& parameters) {
  ClassReader reader;
  reader.owner_ = parameters.owner();
  reader.output_ = parameters.Text("output");
  reader.has_threshold_ = parameters.Has("threshold");
  EDGEOPT_TRY(reader.label_offset_, parameters.Integer("label_offset", 0, -1000000, 1000000));
  EDGEOPT_TRY(const double threshold, parameters.Number("threshold", 0.5, -1e30, 1e30));
  reader.threshold_ = static_cast<float>(threshold);
  return reader;
}

Result<ClassReader::Sample> ClassReader::Read(const Observation& observation,
                                              int64_t sample) const {
  EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, sample));
  if (Squeezed(output->dims()).size() > 1)
    return BadInput(Describe("output", *output, sample) + " has shape " +
                        ir::ToString(output->dims()) + "; metric '" + owner_ +
                        "' needs one score per class",
                    "choose the classifier's output with the parameter 'output'");
  Sample result;
  EDGEOPT_TRY(result.scores, Numbers(*output, "output", sample));
  if (result.scores.size() == 1 && has_threshold_) result.scores = {threshold_, result.scores[0]};
  if (result.scores.size() < 2)
    return BadInput(Describe("output", *output, sample) + " has " +
                        std::to_string(result.scores.size()) + " value; metric '" + owner_ +
                        "' needs one score per class",
                    "for a yes-or-no model give the parameter 'threshold'");

  EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, "label", sample));
  EDGEOPT_TRY(const auto labels, Integers(*target, 1, sample));
  result.label = labels[0] + label_offset_;
  const auto classes = static_cast<int64_t>(result.scores.size());
  if (result.label < 0 || result.label >= classes)
    return BadInput(
        "label " + std::to_string(labels[0]) + " of sample " + std::to_string(sample) +
            (label_offset_ ? " with label_offset " + std::to_string(label_offset_) : "") +
            " is outside the " + std::to_string(classes) + " classes of output '" + output->name +
            "'",
        "check that data set and model have the same classes, or give the parameter "
        "'label_offset'");
  return result;
}

Result<std::unique_ptr<Metric>> MakeTopK(std::string_view name, int64_t k,
                                         const MetricOptions& options) {
  EDGEOPT_TRY(const Parameters parameters,
              Parameters::Make(name, options, ClassReader::KnownParameters()));
  EDGEOPT_TRY(ClassReader reader, ClassReader::Make(parameters));
  return std::unique_ptr<Metric>(new TopK(std::move(reader), k));
}

}  // namespace edgeopt::metrics
