// Which elements, or slices, of a tensor the indices of GatherElements, GatherND, ScatterElements
// and ScatterND mean: numbers of rows of the tensor seen as [rows, slice...]. One GATHER or
// SCATTER_ND along the rows then does what TFLite has no operator for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {

struct Places {
  int64_t rows = 0;
  ir::Dims slice;                  // sizes of one row
  std::vector<int64_t> known;      // the numbers of the rows, where the indices are constant
  TensorIndex rows_of = kOmitted;  // int32, [indices' shape without tuples]; constant or computed
  int64_t count = 0;               // of places
};

// Of input 0 (data) and input 1: one index along `axis` for each place.
Result<Places> ElementPlaces(NodeLowering& node, Composer& c, int64_t axis);
// The last axis of input 1 holds tuples, behind `batch_dims` axes that both have.
Result<Places> TuplePlaces(NodeLowering& node, Composer& c, int64_t batch_dims);

}  // namespace edgeopt::formats::tflite::lower
