// One class per sample: scores and label taken out of an Observation, and the metric "the label is
// among the k best".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "metrics/metric.h"
#include "metrics/parameters.h"

namespace edgeopt::metrics {

// The index of the largest value; of equals the first. Ties break that way in every metric, so
// that runtimes can't differ in them. Requires a value.
int64_t ArgMax(std::span<const float> values);
// The k-th largest value is there again further down: which classes are among the best k is then
// a matter of the tie's order only. False when there are no more than k values.
bool TiedAt(std::vector<float> values, int64_t k);

// Parameters:
//   label_offset  added to the data set's labels to get the model's class index (default 0); 1 for
//                 models that have a background class before the data set's classes
//   threshold     for a model with one output value: class 1 when the value is above it, else 0
class ClassReader {
 public:
  struct Sample {
    std::vector<float> scores;  // one per class
    int64_t label;              // 0 <= label < scores.size()
  };
  static std::vector<std::string_view> KnownParameters() { return {"label_offset", "threshold"}; }
  static Result<ClassReader> Make(const Parameters& parameters);
  // `sample` is the number of the sample, for messages.
  Result<Sample> Read(const Observation& observation, int64_t sample) const;

 private:
  ClassReader() = default;
  std::string owner_, output_;
  int64_t label_offset_ = 0;
  bool has_threshold_ = false;
  float threshold_ = 0;
};

// `name` is the metric's.
Result<std::unique_ptr<Metric>> MakeTopK(std::string_view name, int64_t k,
                                         const MetricOptions& options);

}  // namespace edgeopt::metrics
