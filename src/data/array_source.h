// One array whose first axis counts samples, read sample by sample from mapped bytes. A sample is a
// copy and its pages are given back: memory does not grow with the array, not even as the system
// counts it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/buffer.h"
#include "base/result.h"
#include "ir/npy.h"
#include "ir/tensor.h"

namespace edgeopt::data {

class ArraySource {
 public:
  // `npy` is a whole .npy file; `name` becomes the tensors' name. BadInput for a scalar, which has
  // no axis to count samples along.
  static Result<ArraySource> FromNpy(std::string name, Buffer npy);
  // Row-major big- or little-endian elements.
  static Result<ArraySource> FromElements(std::string name, ir::NpyHeader header, Buffer elements);

  const std::string& name() const { return name_; }
  void Rename(std::string name) { name_ = std::move(name); }
  int64_t count() const { return header_.dims[0]; }
  ir::DataType type() const { return header_.type; }
  const ir::Dims& sample_dims() const { return sample_dims_; }
  // Requires 0 <= index < count().
  Result<ir::Tensor> At(int64_t index) const;

 private:
  std::string name_;
  ir::NpyHeader header_;
  ir::Dims sample_dims_;
  uint64_t sample_bytes_ = 0;
  Buffer elements_;
};

}  // namespace edgeopt::data
