// Two models on the same samples: how close are their outputs, and, layer by layer, the values that
// they share by name?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "measure/calibrate.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct CompareOptions {
  int threads = 1;
  bool layers = true;  // false: outputs only, as the models are
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
};

// One value, over all samples together.
struct ValueComparison {
  std::string name;
  std::string made_by;  // the reference's operator type; empty for an output that is an input
  bool output = false;
  double sqnr_db = 0;  // infinite for equal values
  double cosine = 0;
  double max_abs_error = 0;
};

struct Comparison {
  int64_t samples = 0;
  // Samples whose largest element of the first float output is at the same place (lowest index on
  // ties).
  int64_t top1_agreements = 0;
  std::vector<ValueComparison> values;  // in the reference's order of execution, outputs last
};

// Values correspond by name: quantizers keep the name of what they quantize. Layers are compared in
// copies of the models that hand them out as outputs, which may change what the runtime fuses; the
// outputs' rows come from the models as they are. Only float32 values count. BadInput when an
// output of the reference is missing in `other` or has another shape, or when a sample does not
// fit.
Result<Comparison> Compare(const ir::Model& reference, const ir::Model& other,
                           runtimes::Runtime& runtime, const SampleSource& source, int64_t samples,
                           const CompareOptions& options = {});

}  // namespace edgeopt::measure
