// Pieces of decomposed operators, however an exporter ordered and grouped them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "passes/rewriter.h"

namespace edgeopt::passes {

// constant * factor * factor ...: products and quotients by constants of one element, multiplied
// out as far as partial products have no other use.
struct Product {
  double constant = 1;
  std::vector<ir::ValueId> factors;
};
Product ProductOf(const Rewriter& rewriter, ir::ValueId id);

// term + constant, or term - constant; the constant has one element.
struct ShiftedTerm {
  ir::ValueId term;
  double constant = 0;
};
std::optional<ShiftedTerm> ShiftedTermOf(const Rewriter& rewriter, ir::ValueId id);
// The same if nothing else uses `id`.
std::optional<ShiftedTerm> SoleShiftedTermOf(const Rewriter& rewriter, ir::ValueId id);

// x of x ^ exponent, written as Pow or as a product, if nothing else uses `id`.
ir::ValueId PowerBaseOf(const Rewriter& rewriter, ir::ValueId id, int exponent);

// A mean over the last `axes` axes that keeps them with size 1.
struct TrailingMean {
  ir::ValueId data;
  int64_t axes = 0;
};
std::optional<TrailingMean> TrailingMeanOf(const Rewriter& rewriter, ir::ValueId id);

// A constant with one element for each of the last `axes` axes of `data`, as a tensor of exactly
// these dimensions; nullopt when the operand is not that.
std::optional<ir::Tensor> PerTrailingElement(const Rewriter& rewriter, ir::ValueId operand,
                                             ir::ValueId data, int64_t axes);

// Equal up to the rounding of a constant of that type.
bool IsAbout(double value, double expected, ir::DataType type);

// A value of float16, float32 or float64.
bool IsReal(const Rewriter& rewriter, ir::ValueId id);

}  // namespace edgeopt::passes
