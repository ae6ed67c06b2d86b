// Correlation between one predicted and one true number per sample: Pearson's of the values or of
// their ranks (Spearman).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

// 1-based ranks; equal values share the mean of their ranks.
std::vector<double> AverageRanks(std::span<const double> values);
// NaN when either side is constant. `weights` says how often each pair counts.
double PearsonCorrelation(std::span<const double> x, std::span<const double> y,
                          std::span<const uint32_t> weights);

// Parameters:
//   target      name of the target, one number (default "target")
//   prediction  value (default): the output is one number;
//               cosine: the output is an embedding, samples 2k and 2k + 1 form a pair whose
//               prediction is the cosine of its embeddings and whose target is the first one's
//   pooling     none (default); mean or first: of an output [T, D] of token embeddings to [D]; the
//               mean runs over the positions where target "attention_mask" [T] is not 0, if given
Result<std::unique_ptr<Metric>> MakeCorrelationMetric(std::string_view name, bool of_ranks,
                                                      const MetricOptions& options);

}  // namespace edgeopt::metrics
