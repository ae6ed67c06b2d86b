// What a data set is: labelled (or unlabelled) examples, loaded one by one. Kinds of data sets are
// one file each in kinds/, found by the build; data/open.h opens them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::data {

struct Preprocessing;  // data/preprocessing.h

// One input of the model, as its file declares it: with the batch axis, -1 for a dynamic dimension.
// No dims at all (`has_shape` false): the file leaves even the rank open.
struct InputSpec {
  std::string name;
  ir::DataType type = ir::DataType::kFloat32;
  ir::Dims dims;
  bool has_shape = true;
};

// One example. Tensors carry their role in Tensor::name.
struct Sample {
  // What the model is fed, usually without the batch axis (an image: [C, H, W] or [H, W, C] after
  // preprocessing). The name is the model input's, or "" for the model's only input.
  std::vector<ir::Tensor> inputs;
  // What metrics are handed; their names, types and shapes are listed in metrics/metric.h at
  // Observation. Boxes and masks are in pixels of the original image.
  std::vector<ir::Tensor> targets;
};

// The tensor of that name, or null.
const ir::Tensor* Find(std::span<const ir::Tensor> tensors, std::string_view name);

// Immutable once opened: all functions may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  // Requires 0 <= index < size(), here and below. Errors name the sample.
  virtual Result<Sample> Load(int64_t index) const = 0;
  // How messages call the sample: a file's name, or "sample 12 of FILE".
  virtual std::string SampleName(int64_t index) const = 0;
  // SHA-256 of the raw content of the inputs, before preprocessing and without targets: equal
  // hashes are equal samples, in whichever data set they are.
  virtual Result<std::string> ContentHash(int64_t index) const = 0;
  // The class indices among the targets ("label", "classes"; none for other targets), without
  // decoding the inputs where the kind can.
  virtual Result<std::vector<int64_t>> Classes(int64_t index) const;

  virtual bool labelled() const = 0;
  // 0: unknown, or not a matter of classes.
  virtual int64_t class_count() const { return static_cast<int64_t>(class_names().size()); }
  // By class index; empty: unknown.
  virtual const std::vector<std::string>& class_names() const;
  // The numbers that the data set's own file gives the classes (COCO's category ids), by class
  // index; empty: the indices themselves.
  virtual const std::vector<int64_t>& class_ids() const;
  // How images become inputs here, one entry per such input; null: inputs are taken as they are.
  virtual const Preprocessing* preprocessing() const { return nullptr; }
  // Kind, place and size on one line.
  virtual std::string Describe() const = 0;
};

// The inputs of a sample as the model takes them: named, in the order of `specs`, each with its
// batch axis (of size 1, unless the sample's rank is the model's already). BadInput, telling
// expected and found, where a sample does not fit the model: a missing input, an input that the
// model does not have, another type, a rank or size that differs. A batch axis that this adds is
// not compared with the model's: how many samples make a batch is the caller's choice.
Result<std::vector<ir::Tensor>> ModelInputs(const Sample& sample, std::span<const InputSpec> specs);

// BadInput naming the sample and the value where a class index is outside [0, class_count).
// `class_count` is the model's.
Status CheckLabels(const Dataset& dataset, int64_t class_count);

}  // namespace edgeopt::data
