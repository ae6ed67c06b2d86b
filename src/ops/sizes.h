// Concrete sizes for the dimensions that a model leaves open.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/model.h"

namespace edgeopt::ops {

// Sizes that were given, and what was assumed for the others.
class Sizes {
 public:
  explicit Sizes(std::map<std::string, int64_t> given) : given_(std::move(given)) {}

  // The size of an unknown dimension: the given one, else `fallback`, which is remembered.
  int64_t Of(const ir::Dim& dim, int64_t fallback);
  // All sizes of a tensor type; unknown ones become 1. nullopt when the rank is unknown.
  std::optional<ir::Dims> Resolve(const ir::Type& type);
  // Given and assumed ones, by name.
  std::map<std::string, int64_t> Named() const;
  // In words: "'batch' is counted as 1".
  std::vector<std::string> Assumptions() const;

 private:
  std::map<std::string, int64_t> given_, assumed_;
};

// Gives every input of the model fixed sizes and forgets the types of results that depend on open
// ones, so that inference starts afresh. Where nothing is given: 1 for a first dimension (the
// batch), 224 for a side of a four-dimensional input (an image), 128 for any other (a sequence).
void FixInputSizes(ir::Model& model, Sizes& sizes);

}  // namespace edgeopt::ops
