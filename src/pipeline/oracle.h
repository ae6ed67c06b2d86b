// What a rewritten or converted model has to compute: the original's outputs on real and on random
// inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "measure/calibrate.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// What a model is verified on.
struct OracleInputs {
  int64_t random_samples = 2;
  // The user's data; null: random inputs only.
  const measure::SampleSource* data = nullptr;
  int64_t data_samples = 0;
};

// One output over all inputs.
struct OutputDifference {
  std::string name;
  bool is_float = false;
  double max_abs_error = 0;      // of floats
  double range = 0;              // the largest absolute value that was expected
  double signal = 0, noise = 0;  // sums of squares: of what was expected, of the errors
  int64_t unequal = 0;           // elements, of other types
  size_t worst = 0;              // the inputs with the largest error: their place in inputs()
  double relative() const;       // error by range
  double sqnr_db() const;        // 10 log10(signal / noise); infinite for equal values
};

// Adds two runs' values of one output. BadInput when types or shapes differ.
Status AddDifference(const ir::Tensor& expected, const ir::Tensor& found,
                     OutputDifference& difference);

// Folding a BatchNorm or reassociating sums changes float results by a few units in the last place
// per layer; 1e-4 of the range leaves room for a hundred layers and is far below any accuracy
// effect.
inline constexpr double kFoldingTolerance = 1e-4;

// BadInput names the first output whose floats differ by more than `tolerance` of its range, or
// whose other elements differ at all.
Status WithinTolerance(const std::vector<OutputDifference>& differences, double tolerance);

// BadInput names the first float output whose SQNR is lower.
Status AboveSqnr(const std::vector<OutputDifference>& differences, double floor_db);

class Oracle {
 public:
  // Inputs or outputs in the other model's form (another order of axes).
  using Adapt = std::function<Result<std::vector<ir::Tensor>>(std::vector<ir::Tensor>)>;

  // Runs the original. An error of the data is one; random inputs that the model does not take are
  // not: see random_error.
  static Result<Oracle> Make(runtimes::Session& original, const OracleInputs& verification);

  // Runs the variant on the same inputs. BadInput when it does not run, or when number, type or
  // shape of its outputs differ.
  Result<std::vector<OutputDifference>> Compare(runtimes::Session& variant,
                                                const Adapt& adapt_inputs = {},
                                                const Adapt& adapt_outputs = {}) const;

  // Of the original: data first, then random.
  const std::vector<std::vector<ir::Tensor>>& inputs() const { return inputs_; }
  int64_t data_samples() const { return data_samples_; }
  int64_t random_samples() const { return static_cast<int64_t>(inputs_.size()) - data_samples_; }
  const Status& random_error() const { return random_error_; }

 private:
  Status Add(runtimes::Session& original, std::vector<ir::Tensor> inputs);
  Status AddRandom(runtimes::Session& original, int64_t samples);

  std::vector<std::vector<ir::Tensor>> inputs_, expected_;
  int64_t data_samples_ = 0;
  Status random_error_;
};

}  // namespace edgeopt::pipeline
