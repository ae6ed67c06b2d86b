// Operators that move elements without changing them. Views cost nothing; copies cost one operation
// per element.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr Operator kRows[] = {
    {.type = "CenterCropPad", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Compress", .cost = PerInput<1>, .keeps_values = true},
    {.type = "Concat", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "DepthToSpace", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Dropout", .keeps_values = true},
    {.type = "Expand", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Flatten", .keeps_values = true},
    {.type = "Gather", .cost = PerOutput<1>, .keeps_values = true, .weight_input = 0},
    {.type = "GatherElements", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "GatherND", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Identity", .keeps_values = true},
    {.type = "Pad", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Reshape", .keeps_values = true},
    {.type = "ReverseSequence", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Scatter", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "ScatterElements", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "ScatterND", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Slice", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "SpaceToDepth", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Split", .cost = PerInput<1>, .keeps_values = true},
    {.type = "Squeeze", .keeps_values = true},
    {.type = "TensorScatter", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Tile", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Transpose", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Trilu", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Unsqueeze", .keeps_values = true},
    {.type = "QLinearConcat", .domain = "com.microsoft", .cost = PerOutput<1>},
};

}  // namespace

Family movement() { return {"movement", kRows}; }

}  // namespace edgeopt::ops
