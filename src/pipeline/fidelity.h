// How close a variant's outputs are to those of the float model, on given samples.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "measure/calibrate.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct OutputFidelity {
  std::string name;
  double sqnr_db = 0;  // of all samples together; infinite for equal outputs
  double cosine = 0;
  double max_abs_error = 0;
};

struct Fidelity {
  int64_t samples = 0;
  std::vector<OutputFidelity> outputs;  // float outputs only
  // Samples whose largest element of the first output is at the same place (lowest index on ties).
  int64_t top1_agreements = 0;

  // The mean of the outputs' SQNR in dB, infinities counted as 200 dB: for ranking variants.
  double score_db() const;
  nlohmann::json ToJson() const;
};

// The float model's outputs on the samples [first, first + count), kept for comparing several
// variants.
class FidelityReference {
 public:
  // BadInput when an output of the float model is NaN.
  static Result<FidelityReference> Make(runtimes::Session& reference,
                                        const measure::SampleSource& source, int64_t first,
                                        int64_t count, const CancelToken* cancel);
  // BadInput when an output of the variant is missing, has another shape, or holds NaN.
  Result<Fidelity> Compare(runtimes::Session& variant) const;
  int64_t samples() const { return static_cast<int64_t>(outputs_.size()); }

 private:
  const measure::SampleSource* source_ = nullptr;
  int64_t first_ = 0;
  std::vector<std::vector<ir::Tensor>> outputs_;
};

}  // namespace edgeopt::pipeline
