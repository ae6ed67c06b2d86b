// The sizes of inputs that the user asks for: --shape NAME=SIZES and --batch N or dynamic.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

struct AskedShape {
  std::string name;                  // empty: the only input
  std::optional<ir::DataType> type;  // where one was written
  ir::Shape dims;                    // a size; a name; neither: any size
};

struct AskedSizes {
  std::vector<AskedShape> shapes;
  std::optional<ir::Dim> batch;  // the first size of every input

  bool any() const { return !shapes.empty() || batch.has_value(); }
};

// Of "x=1x3x224x224", "ids:int64=1x-1", "ids=1xlength", "2x5"; of "1", "8", "dynamic". A name of a
// size has letters, digits and underscores, and no x, which separates sizes. Usage error for what
// is not of these forms.
Result<AskedSizes> ParseSizes(const std::vector<std::string>& shapes, const std::string& batch);
// As it would be typed: "--shape x=1x3x320x320 --batch 4".
std::string ToString(const AskedSizes& asked);

struct InputChange {
  std::string name;
  ir::Shape before, after;

  // The model as it was runs at these sizes: what was fixed stayed.
  bool fits_before() const;
  bool batch_changed() const { return !after.empty() && !SameSize(before[0], after[0]); }
  static bool SameSize(const ir::Dim& a, const ir::Dim& b) { return a.value == b.value; }
};

// Sets the types of the model's inputs, and of nothing else, and returns those that changed. A
// dimension of any size keeps its name; sizes of one name change together. Usage error for an input
// that is not there, of another type or another number of sizes.
Result<std::vector<InputChange>> ApplySizes(ir::Model& model, const AskedSizes& asked);

// What of it the model takes as it is: sizes in place of open ones alone.
AskedSizes OpenOnesOf(const ir::Model& model, const AskedSizes& asked);

}  // namespace edgeopt::pipeline
