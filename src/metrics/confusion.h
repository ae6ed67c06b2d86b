// Precision, recall and F1 of a classifier, from how often each class was predicted for each.
#pragma once

#include <memory>

#include "metrics/metric.h"

namespace edgeopt::metrics {

enum class ConfusionRatio { kPrecision, kRecall, kF1 };

// Parameters, beside those of ClassReader:
//   average   macro (default): mean over the classes that occur as label or prediction;
//             micro: over all decisions (for one label per sample that is the accuracy);
//             weighted: mean over classes, weighted by their number of labels
//   positive  the one class that counts; excludes `average`
// A ratio with nothing below the line is 0, as in scikit-learn. Details: "macro", "micro",
// "weighted", "class/N".
Result<std::unique_ptr<Metric>> MakeConfusionMetric(std::string_view name, ConfusionRatio ratio,
                                                    const MetricOptions& options);

}  // namespace edgeopt::metrics
