// What all data sets share: defaults, and whether samples and labels fit a model.
#include "data/dataset.h"

#include <algorithm>

namespace edgeopt::data {
namespace {

std::string InputLabel(const std::string& name) {
  return name.empty() ? "the model's input" : "model input '" + name + "'";
}

Error DoesNotFit(const InputSpec& spec, const std::string& expected, const std::string& found,
                 std::string hint = {}) {
  return BadInput(InputLabel(spec.name) + " expects " + expected + ", the data has " + found,
                  std::move(hint));
}

std::string TypeHint(ir::DataType want, ir::DataType found) {
  if (ir::IsFloatingPoint(want) && found == ir::DataType::kUint8)
    return "raw bytes are no scaled values: bring them to the range of training, for example "
           "array.astype('float32') / 255, or describe it in a preprocessing file";
  return "save it as array.astype('" + std::string(ir::Name(want)) + "')";
}

std::string ShapeText(const ir::Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "") + (dims[i] < 0 ? std::string("?") : std::to_string(dims[i]));
  return text + "]";
}

Result<ir::Tensor> AsModelInput(const ir::Tensor& tensor, const InputSpec& spec) {
  if (tensor.type() != spec.type)
    return DoesNotFit(spec, std::string(ir::Name(spec.type)), std::string(ir::Name(tensor.type())),
                      TypeHint(spec.type, tensor.type()));
  ir::Dims dims = tensor.dims();
  const bool whole = spec.has_shape && spec.dims.size() == dims.size();
  if (!whole) dims.insert(dims.begin(), 1);
  if (spec.has_shape) {
    bool fits = dims.size() == spec.dims.size();
    for (size_t i = whole ? 0 : 1; fits && i < dims.size(); ++i)
      fits = spec.dims[i] < 0 || spec.dims[i] == dims[i];
    if (!fits)
      return DoesNotFit(spec, "shape " + ShapeText(spec.dims),
                        ShapeText(tensor.dims()) + " for each sample",
                        "a sample has the model's shape with or without the first axis");
  }
  EDGEOPT_TRY(ir::Tensor input, tensor.Reshaped(std::move(dims)));
  input.name = spec.name;
  return input;
}

}  // namespace

const ir::Tensor* Find(std::span<const ir::Tensor> tensors, std::string_view name) {
  for (const ir::Tensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

Result<std::vector<int64_t>> Dataset::Classes(int64_t index) const {
  EDGEOPT_TRY(const Sample sample, Load(index));
  for (const std::string_view name : {"label", "classes"})
    if (const ir::Tensor* classes = Find(sample.targets, name)) return classes->ToInts();
  return std::vector<int64_t>();
}

const std::vector<std::string>& Dataset::class_names() const {
  static const std::vector<std::string> kNone;
  return kNone;
}

const std::vector<int64_t>& Dataset::class_ids() const {
  static const std::vector<int64_t> kNone;
  return kNone;
}

Result<std::vector<ir::Tensor>> ModelInputs(const Sample& sample,
                                            std::span<const InputSpec> specs) {
  std::vector<ir::Tensor> inputs;
  for (const InputSpec& spec : specs) {
    const ir::Tensor* tensor = Find(sample.inputs, spec.name);
    if (!tensor && specs.size() == 1) tensor = Find(sample.inputs, "");
    if (!tensor) {
      std::string has;
      for (const ir::Tensor& input : sample.inputs)
        has += (has.empty() ? "" : ", ") +
               (input.name.empty() ? "one without a name" : "'" + input.name + "'");
      return BadInput("the data has nothing for " + InputLabel(spec.name) +
                          (has.empty() ? "" : "; it has " + has),
                      "name the arrays of an .npz file, or the files of a folder of .npy files, as "
                      "the model names its inputs");
    }
    EDGEOPT_TRY(ir::Tensor input, AsModelInput(*tensor, spec));
    inputs.push_back(std::move(input));
  }
  if (sample.inputs.size() > specs.size())
    for (const ir::Tensor& input : sample.inputs)
      if (!Find(inputs, input.name))
        return BadInput("the data has an input '" + input.name + "' that the model does not have");
  return inputs;
}

Status CheckLabels(const Dataset& dataset, int64_t class_count) {
  for (int64_t i = 0; i < dataset.size(); ++i) {
    EDGEOPT_TRY(const std::vector<int64_t> classes, dataset.Classes(i));
    for (const int64_t value : classes)
      if (value < 0 || value >= class_count)
        return BadInput(dataset.SampleName(i) + ": class " + std::to_string(value) +
                            " is outside the model's classes 0 to " +
                            std::to_string(class_count - 1),
                        "check that the labels are counted from 0 and belong to this model");
  }
  return OkStatus();
}

}  // namespace edgeopt::data
