#include "metrics/confusion.h"

#include <algorithm>

#include "metrics/classification.h"
#include "metrics/inputs.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

struct Counts {
  double hits = 0, predicted = 0, labelled = 0;

  bool occurs() const { return predicted + labelled > 0; }
  double Ratio(ConfusionRatio ratio) const {
    // F1 = 2 P R / (P + R) = 2 hits / (predicted + labelled).
    const double below = ratio == ConfusionRatio::kPrecision ? predicted
                         : ratio == ConfusionRatio::kRecall  ? labelled
                                                             : (predicted + labelled) / 2;
    return below > 0 ? hits / below : 0;
  }
};

struct Averages {
  double macro = 0, micro = 0, weighted = 0;
};

Averages Average(std::span<const Counts> classes, ConfusionRatio ratio) {
  Averages averages;
  Counts all;
  double occurring = 0;
  for (const Counts& counts : classes) {
    if (!counts.occurs()) continue;
    occurring += 1;
    averages.macro += counts.Ratio(ratio);
    averages.weighted += counts.labelled * counts.Ratio(ratio);
    all.hits += counts.hits;
    all.predicted += counts.predicted;
    all.labelled += counts.labelled;
  }
  averages.macro /= std::max(occurring, 1.0);
  averages.weighted /= std::max(all.labelled, 1.0);
  averages.micro = all.Ratio(ratio);
  return averages;
}

class ConfusionMetric : public Metric {
 public:
  ConfusionMetric(ClassReader reader, ConfusionRatio ratio, std::string average, int64_t positive)
      : reader_(std::move(reader)),
        ratio_(ratio),
        average_(std::move(average)),
        positive_(positive) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(decisions_.size());
    EDGEOPT_TRY(const ClassReader::Sample sample, reader_.Read(observation, number));
    const auto classes = static_cast<int64_t>(sample.scores.size());
    if (positive_ >= classes)
      return UsageError("the parameter 'positive' is " + std::to_string(positive_) +
                        ", but the model has " + std::to_string(classes) + " classes");
    classes_ = std::max(classes_, static_cast<size_t>(classes));
    ties_ += TiedAt(sample.scores, 1);
    decisions_.push_back(
        {static_cast<uint32_t>(sample.label), static_cast<uint32_t>(ArgMax(sample.scores))});
    return OkStatus();
  }

  Result<Score> Finish() override {
    const auto statistic = [&](std::span<const uint32_t> weights) {
      return Choose(Count(weights));
    };
    EDGEOPT_TRY(Score score, ResampledScore(decisions_.size(), statistic));
    const std::vector<Counts> counts = Count(std::vector<uint32_t>(decisions_.size(), 1));
    const Averages averages = Average(counts, ratio_);
    score.details = {{"macro", averages.macro},
                     {"micro", averages.micro},
                     {"weighted", averages.weighted},
                     {"ties", static_cast<double>(ties_)}};
    for (size_t i = 0; i < counts.size(); ++i)
      if (counts[i].occurs()) score.details["class/" + std::to_string(i)] = counts[i].Ratio(ratio_);
    return score;
  }

 private:
  struct Decision {
    uint32_t label, predicted;
  };

  std::vector<Counts> Count(std::span<const uint32_t> weights) const {
    std::vector<Counts> counts(classes_);
    for (size_t i = 0; i < decisions_.size(); ++i) {
      const auto [label, predicted] = decisions_[i];
      counts[label].labelled += weights[i];
      counts[predicted].predicted += weights[i];
      if (label == predicted) counts[label].hits += weights[i];
    }
    return counts;
  }

  double Choose(const std::vector<Counts>& counts) const {
    if (positive_ >= 0) return counts[static_cast<size_t>(positive_)].Ratio(ratio_);
    const Averages averages = Average(counts, ratio_);
    return average_ == "macro"   ? averages.macro
           : average_ == "micro" ? averages.micro
                                 : averages.weighted;
  }

  ClassReader reader_;
  ConfusionRatio ratio_;
  std::string average_;
  int64_t positive_, ties_ = 0;
  size_t classes_ = 0;
  std::vector<Decision> decisions_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeConfusionMetric(std::string_view name, ConfusionRatio ratio,
                                                    const MetricOptions& options) {
  std::vector<std::string_view> known = ClassReader::KnownParameters();
  known.insert(known.end(), {"average", "positive"});
  EDGEOPT_TRY(const Parameters parameters, Parameters::Make(name, options, std::move(known)));
  EDGEOPT_TRY(ClassReader reader, ClassReader::Make(parameters));
  EDGEOPT_TRY(std::string average, parameters.Choice("average", {"macro", "micro", "weighted"}));
  EDGEOPT_TRY(const int64_t positive, parameters.Integer("positive", -1, 0, 1000000));
  if (parameters.Has("average") && parameters.Has("positive"))
    return parameters.Wrong("average", "give either 'average' or 'positive'");
  return std::unique_ptr<Metric>(
      new ConfusionMetric(std::move(reader), ratio, std::move(average), positive));
}

}  // namespace edgeopt::metrics
