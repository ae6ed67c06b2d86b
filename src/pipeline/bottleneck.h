// What to try when the latency target is missed: the profile's bottleneck, and suggestions with an
// estimate each, made from this model's own numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "measure/profile.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// The best variant at half the input resolution.
struct HalfSizeResult {
  int64_t height = 0, width = 0, macs = 0;  // 0: the graph fixes its size
  std::optional<double> p50_ms;             // none: it does not run
  int64_t runs = 0;
  std::string why_not;  // when it was not measured
};

struct BottleneckFacts {
  double p50_ms = 0, target_ms = 0;  // of the best variant
  int64_t macs = 0;                  // of the best variant
  int threads = 1, usable_cpus = 1;
  std::optional<HalfSizeResult> half;  // none: the model takes no image
};

report::Bottleneck Explain(const measure::Profile& profile, const BottleneckFacts& facts);

}  // namespace edgeopt::pipeline
