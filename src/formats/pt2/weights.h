// The tensors that a program's archive holds: parameters, buffers and constants. Internal to
// formats/pt2.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "formats/pt2/archive.h"
#include "formats/pt2/json.h"
#include "ir/tensor.h"

namespace edgeopt::formats::pt2 {

class Weights {
 public:
  // `model` as in "models/MODEL.json". BadInput for broken configurations; Unsupported when weights
  // are pickled Python objects.
  static Result<Weights> Open(const Archive& archive, const std::string& model,
                              const std::string& torch_version);

  // By qualified name. Elements lie in their storage as sizes, strides and an offset say: where
  // that is row major and without gaps the tensor shares the archive's bytes, else they are
  // gathered. BadInput for one that leaves its storage or that the archive does not have.
  Result<ir::Tensor> Read(const std::string& name) const;

 private:
  struct Payload {
    std::string entry;  // in the archive
    bool pickled = false;
    json meta;  // the schema's TensorMeta; null for an object that is no tensor
  };
  Status Add(const Archive& archive, const std::string& folder, const std::string& config);
  Result<ir::Tensor> Make(const Payload& payload) const;

  const Archive* archive_ = nullptr;
  std::map<std::string, Payload> payloads_;
  mutable std::map<std::string, Buffer> storages_;  // by entry; checksums are looked at once
};

}  // namespace edgeopt::formats::pt2
