#include "metrics/inputs.h"

#include <algorithm>
#include <cmath>

namespace edgeopt::metrics {
namespace {

std::string Names(const std::vector<ir::Tensor>& tensors) {
  std::string text;
  for (const ir::Tensor& tensor : tensors) text += (text.empty() ? "'" : ", '") + tensor.name + "'";
  return text.empty() ? "none" : text;
}

}  // namespace

Result<const ir::Tensor*> FindOutput(const Observation& observation, std::string_view name,
                                     int64_t sample) {
  const auto& outputs = observation.outputs;
  if (name.empty()) {
    if (outputs.size() == 1) return &outputs.front();
    return UsageError("sample " + std::to_string(sample) + " has " +
                          std::to_string(outputs.size()) + " outputs: " + Names(outputs),
                      "name the one to judge with the metric's parameter 'output'");
  }
  for (const ir::Tensor& output : outputs)
    if (output.name == name) return &output;
  return UsageError("the model has no output '" + std::string(name) + "'",
                    "it has: " + Names(outputs));
}

const ir::Tensor* FindTarget(const Observation& observation, std::string_view name) {
  for (const ir::Tensor& target : observation.targets)
    if (target.name == name) return &target;
  return nullptr;
}

Result<const ir::Tensor*> NeedTarget(const Observation& observation, std::string_view name,
                                     int64_t sample) {
  if (const ir::Tensor* target = FindTarget(observation, name)) return target;
  return BadInput("sample " + std::to_string(sample) + " has no target '" + std::string(name) + "'",
                  observation.targets.empty()
                      ? "the data set has no labels: give some, or a metric that needs none"
                      : "the data set gives: " + Names(observation.targets));
}

Result<std::vector<float>> Numbers(const ir::Tensor& tensor, std::string_view what,
                                   int64_t sample) {
  auto values = tensor.ToFloats();
  if (!values.ok()) return BadInput(Describe(what, tensor, sample) + ": " + values.error().message);
  const auto nan = std::find_if(values->begin(), values->end(), [](float v) { return v != v; });
  if (nan != values->end())
    return BadInput(Describe(what, tensor, sample) + " holds NaN (first at element " +
                    std::to_string(nan - values->begin()) + " of " +
                    std::to_string(values->size()) + ")");
  return values;
}

Result<std::vector<int64_t>> Integers(const ir::Tensor& tensor, int64_t count, int64_t sample) {
  auto values = tensor.ToInts();
  if (!values.ok())
    return BadInput(Describe("target", tensor, sample) + ": " + values.error().message,
                    "class labels are integers, counted from 0");
  if (count >= 0 && static_cast<int64_t>(values->size()) != count)
    return BadInput(Describe("target", tensor, sample) + " has shape " +
                    ir::ToString(tensor.dims()) + "; expected " + std::to_string(count) +
                    (count == 1 ? " element" : " elements"));
  return values;
}

ir::Dims Squeezed(const ir::Dims& dims) {
  ir::Dims squeezed;
  for (const int64_t dim : dims)
    if (dim != 1) squeezed.push_back(dim);
  return squeezed;
}

std::string Describe(std::string_view what, const ir::Tensor& tensor, int64_t sample) {
  return std::string(what) + " '" + tensor.name + "' of sample " + std::to_string(sample);
}

}  // namespace edgeopt::metrics
