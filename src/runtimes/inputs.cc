#include "runtimes/inputs.h"

namespace edgeopt::runtimes {
namespace {

// "boxes[3]" is element 3 of the sequence "boxes".
std::optional<std::string> SequenceName(const std::string& name) {
  const size_t bracket = name.rfind('[');
  if (bracket == std::string::npos || name.back() != ']') return std::nullopt;
  return name.substr(0, bracket);
}

std::string NamesOf(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) names += (names.empty() ? "'" : ", '") + spec.name + "'";
  return names.empty() ? "none" : names;
}

}  // namespace

Result<size_t> FindInput(const std::vector<TensorSpec>& inputs, const std::string& name) {
  if (name.empty() && inputs.size() == 1) return size_t{0};
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].name == name) return i;
  const auto sequence = SequenceName(name);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (sequence && inputs[i].sequence && inputs[i].name == *sequence) return i;
  return BadInput("the model has no input '" + name + "'; it has " + NamesOf(inputs));
}

Status CheckFits(const ir::Tensor& tensor, const TensorSpec& spec) {
  if (tensor.type() != spec.type)
    return BadInput("input '" + spec.name + "' of the model is " + std::string(Name(spec.type)) +
                    ", the data is " + std::string(Name(tensor.type())));
  bool fits = spec.dims.empty() || tensor.dims().size() == spec.dims.size();
  for (size_t i = 0; fits && i < spec.dims.size(); ++i)
    fits = spec.dims[i] < 0 || spec.dims[i] == tensor.dims()[i];
  if (fits) return OkStatus();
  return BadInput("input '" + spec.name + "' of the model has the shape " +
                      ir::ToString(spec.dims) + ", the data " + ir::ToString(tensor.dims()),
                  "-1 is any size; check the data's layout and the preprocessing");
}

Result<std::vector<std::vector<const ir::Tensor*>>> SortInputs(
    const std::vector<TensorSpec>& inputs, const std::vector<ir::Tensor>& tensors) {
  std::vector<std::vector<const ir::Tensor*>> given(inputs.size());
  for (const ir::Tensor& tensor : tensors) {
    EDGEOPT_TRY(const size_t index, FindInput(inputs, tensor.name));
    EDGEOPT_CHECK_OK(CheckFits(tensor, inputs[index]));
    if (!given[index].empty() && !inputs[index].sequence)
      return BadInput("input '" + inputs[index].name + "' is given twice");
    given[index].push_back(&tensor);
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    if (given[i].empty() && !inputs[i].optional && !inputs[i].sequence)
      return BadInput("input '" + inputs[i].name + "' of the model is not given");
  return given;
}

}  // namespace edgeopt::runtimes
