#include "pipeline/oracle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/generated.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;

// Below it a range is no yardstick.
constexpr double kSmallestRange = 1e-6;

Status AddFloats(const Tensor& expected, const Tensor& found, OutputDifference& difference) {
  EDGEOPT_TRY(const std::vector<double> a, expected.ToDoubles());
  EDGEOPT_TRY(const std::vector<double> b, found.ToDoubles());
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i])) {
      difference.range = std::max(difference.range, std::fabs(a[i]));
      difference.signal += a[i] * a[i];
    }
    // Equal infinities, and two results that are no numbers, agree.
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double error = std::fabs(a[i] - b[i]);
    difference.max_abs_error =
        std::isnan(error) ? INFINITY : std::max(difference.max_abs_error, error);
    difference.noise += std::isnan(error) ? INFINITY : error * error;
  }
  return OkStatus();
}

Status AddOthers(const Tensor& expected, const Tensor& found, OutputDifference& difference) {
  if (expected == found) return OkStatus();
  if (expected.type() == ir::DataType::kString) return ++difference.unequal, OkStatus();
  EDGEOPT_TRY(const auto a, expected.ToInts());
  EDGEOPT_TRY(const auto b, found.ToInts());
  for (size_t i = 0; i < a.size(); ++i) difference.unequal += a[i] != b[i] ? 1 : 0;
  return OkStatus();
}

}  // namespace

Status AddDifference(const Tensor& expected, const Tensor& found, OutputDifference& difference) {
  if (expected.type() != found.type() || expected.dims() != found.dims())
    return BadInput("output '" + expected.name + "' is " + std::string(ir::Name(found.type())) +
                    ir::ToString(found.dims()) + "; expected " +
                    std::string(ir::Name(expected.type())) + ir::ToString(expected.dims()));
  difference.name = expected.name;
  difference.is_float = ir::IsFloatingPoint(expected.type());
  return difference.is_float ? AddFloats(expected, found, difference)
                             : AddOthers(expected, found, difference);
}

double OutputDifference::relative() const {
  return max_abs_error / std::max(range, kSmallestRange);
}

double OutputDifference::sqnr_db() const {
  if (noise == 0) return INFINITY;
  return 10 * std::log10(signal / noise);
}

Status AboveSqnr(const std::vector<OutputDifference>& differences, double floor_db) {
  for (const OutputDifference& output : differences)
    if (output.is_float && !(output.sqnr_db() >= floor_db))
      return BadInput("output '" + output.name + "' has a signal-to-noise ratio of " +
                      std::to_string(output.sqnr_db()) + " dB, the floor is " +
                      std::to_string(floor_db) + " dB");
  return OkStatus();
}

Status WithinTolerance(const std::vector<OutputDifference>& differences, double tolerance) {
  for (const OutputDifference& output : differences) {
    if (output.is_float && output.relative() > tolerance)
      return BadInput("output '" + output.name + "' differs by " +
                      std::to_string(output.max_abs_error) + ", its range is " +
                      std::to_string(output.range));
    if (output.unequal != 0)
      return BadInput("output '" + output.name + "' differs in " + std::to_string(output.unequal) +
                      " elements");
  }
  return OkStatus();
}

Result<Oracle> Oracle::Make(runtimes::Session& original, const OracleInputs& verification) {
  Oracle oracle;
  for (int64_t i = 0; verification.data != nullptr && i < verification.data_samples; ++i) {
    EDGEOPT_TRY(auto inputs, (*verification.data)(i));
    EDGEOPT_CHECK_OK(oracle.Add(original, std::move(inputs)));
    ++oracle.data_samples_;
  }
  oracle.random_error_ = oracle.AddRandom(original, verification.random_samples);
  return oracle;
}

Status Oracle::Add(runtimes::Session& original, std::vector<Tensor> inputs) {
  EDGEOPT_TRY(auto outputs, original.Run(inputs));
  inputs_.push_back(std::move(inputs));
  expected_.push_back(std::move(outputs));
  return OkStatus();
}

Status Oracle::AddRandom(runtimes::Session& original, int64_t samples) {
  EDGEOPT_TRY(const auto specs, FittingSpecs(original));
  data::GenerateOptions options;
  options.samples = samples;
  EDGEOPT_TRY(const auto dataset, data::Generate(specs, options));
  for (int64_t i = 0; i < samples; ++i) {
    EDGEOPT_TRY(const data::Sample sample, dataset->Load(i));
    EDGEOPT_TRY(auto inputs, data::ModelInputs(sample, specs));
    EDGEOPT_CHECK_OK(Add(original, std::move(inputs)));
  }
  return OkStatus();
}

Result<std::vector<OutputDifference>> Oracle::Compare(runtimes::Session& variant,
                                                      const Adapt& adapt_inputs,
                                                      const Adapt& adapt_outputs) const {
  std::vector<OutputDifference> differences;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    std::vector<Tensor> inputs = inputs_[i], expected = expected_[i];
    if (adapt_inputs) {
      EDGEOPT_TRY(inputs, adapt_inputs(std::move(inputs)));
    }
    if (adapt_outputs) {
      EDGEOPT_TRY(expected, adapt_outputs(std::move(expected)));
    }
    EDGEOPT_TRY(const auto found, variant.Run(inputs));
    if (expected.size() != found.size()) return BadInput("the number of outputs changed");
    differences.resize(expected.size());
    for (size_t output = 0; output < expected.size(); ++output) {
      OutputDifference& difference = differences[output];
      const auto before = std::pair(difference.max_abs_error, difference.unequal);
      EDGEOPT_CHECK_OK(AddDifference(expected[output], found[output], difference));
      if (std::pair(difference.max_abs_error, difference.unequal) != before) difference.worst = i;
    }
  }
  return differences;
}

}  // namespace edgeopt::pipeline
