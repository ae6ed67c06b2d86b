// channels-last: which values lie channels-last is solved on the whole graph, so that the fewest
// bytes are transposed; for formats and runtimes whose spatial operators know that layout only.
//
// Before:   y = Conv(x, W)                              x, y [N, C, spatial...]
// After:    y' = edgeopt.nhwc.Conv(x', W)               x', y' [N, spatial..., C]
//           and every operator around it that can work on x' and y' does so; a Transpose stands
//           where one that can't is next.
// Requires: inferred types (ranks at least). Opset 7, IR version 4 or later.
// Maths:    layouts follow from the spatial operators by rules per operator (rules.h); a minimum
// cut
//           chooses who follows (choose.cc).
// Numerics: the same elements; reductions and fully connected layers add in another order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes::layout {

// ai.onnx's operators with input 0 and output 0 of shape [N, spatial..., C]. Attributes and the
// other inputs are exactly as ONNX has them: weights [O, I, spatial...], Resize's scales, sizes and
// roi in the order N, C, spatial. An operator to which the spatial axes are alike (a pointwise
// Conv, a global pool, a normalization) may see them in another order.
inline constexpr std::string_view kNhwcDomain = "edgeopt.nhwc";

enum class Boundary {
  kKeep,          // inputs (outputs) of the graph keep their order
  kChannelsLast,  // they change it where that saves transposes
};

struct BoundaryChange {
  std::string name;
  std::vector<int64_t> perm;  // axis i of the new input or output is axis perm[i] of the old one
  friend bool operator==(const BoundaryChange&, const BoundaryChange&) = default;
};

struct Summary {
  // Transposes in the changed model, those of the original that are left included; sizes that are
  // not known count as 1.
  int64_t transposes = 0, transposed_bytes = 0;
  std::vector<BoundaryChange> changed;
};

// Changes the model; it satisfies ir::Verify before and after, is topologically sorted after, and
// all values have types that fit. Subgraphs too: what goes into and out of them stays plain.
// Unsupported when the rank of a spatial operator is not known; the model is then left as it was.
Result<Summary> ToChannelsLast(ir::Model& model, Boundary inputs, Boundary outputs);

// The way back, for a model that comes from channels-last data and has a Transpose before and
// behind each spatial operator: these stay ONNX's, and what lies between them becomes
// channels-first where that saves transposes. Inputs and outputs keep their order.
Result<Summary> RemoveTransposes(ir::Model& model);

}  // namespace edgeopt::passes::layout
