// Calibration: the float model runs on the user's data, and every value that will carry Q/DQ is
// observed. One pass over the data; memory does not grow with the number of samples.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "quant/statistics.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

// Sample `index` as model inputs with their batch axis, named. Called from several threads.
using SampleSource = std::function<Result<std::vector<ir::Tensor>>(int64_t index)>;

struct CalibrationOptions {
  int workers = 2;        // cores to use; the result does not depend on it
  bool histogram = true;  // false: ranges only (min-max, moving average)
  // Values known to lie between zero and a finite limit, such as what Clip<0, 6> makes. Without a
  // histogram only their maxima are of interest. The runtime finds these inside the model (a
  // GlobalMaxPool), in its own layout and without writing the values out; minima count as zero.
  std::set<std::string> bounded;
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
  // Values whose mean per index of axis 1 is of interest, over all samples and other axes.
  std::set<std::string> averaged;
};

// Statistics by value name, of the two halves of the samples apart (the first (n + 1) / 2 of them
// and the rest): what they disagree about is how stable the calibration is.
struct CalibrationRun {
  int64_t samples = 0;
  std::map<std::string, quant::TensorStatistics> first_half, second_half;
  // Of the averaged values with a known rank of 2 or more whose means are finite.
  std::map<std::string, std::vector<float>> means;

  // Both halves together.
  std::map<std::string, quant::TensorStatistics> Whole() const;
};

// Runs samples 0 to `samples` - 1 through the model. `observe` names values of the main graph (its
// inputs too); values that are not float32 are an error. BadInput when a sample does not fit the
// model, when the runtime can't run it (its message), or when a value holds nothing but NaN,
// infinities and masks.
Result<CalibrationRun> Calibrate(const ir::Model& model, const std::vector<std::string>& observe,
                                 runtimes::Runtime& runtime, const SampleSource& source,
                                 int64_t samples, const CalibrationOptions& options = {});

}  // namespace edgeopt::measure
