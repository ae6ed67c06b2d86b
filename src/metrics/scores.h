// From what was collected per sample to a Score with its interval.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

// A share of samples that are right (1) rather than wrong (0); Wilson's interval.
Result<Score> ShareScore(std::vector<float> right);
// The mean of one number per sample; bootstrap interval.
Result<Score> MeanScore(std::vector<float> per_sample);
// Any statistic of the samples, given how often each counts; bootstrap interval and replicates.
Result<Score> ResampledScore(
    size_t samples, const std::function<double(std::span<const uint32_t> counts)>& statistic,
    int resamples = kResamples);
// For a metric of zero samples.
Error NoSamples();

}  // namespace edgeopt::metrics
