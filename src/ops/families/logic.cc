// Comparisons, logic and bits: their outputs are not quantized.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr Operator kRows[] = {
    {.type = "And", .cost = PerOutput<1>},
    {.type = "BitShift", .cost = PerOutput<1>},
    {.type = "BitwiseAnd", .cost = PerOutput<1>},
    {.type = "BitwiseNot", .cost = PerOutput<1>},
    {.type = "BitwiseOr", .cost = PerOutput<1>},
    {.type = "BitwiseXor", .cost = PerOutput<1>},
    {.type = "Equal", .cost = PerOutput<1>},
    {.type = "Greater", .cost = PerOutput<1>},
    {.type = "GreaterOrEqual", .cost = PerOutput<1>},
    {.type = "IsInf", .cost = PerOutput<1>},
    {.type = "IsNaN", .cost = PerOutput<1>},
    {.type = "Less", .cost = PerOutput<1>},
    {.type = "LessOrEqual", .cost = PerOutput<1>},
    {.type = "NonZero", .cost = PerInput<1>},
    {.type = "Not", .cost = PerOutput<1>},
    {.type = "Or", .cost = PerOutput<1>},
    {.type = "Where", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Xor", .cost = PerOutput<1>},
};

}  // namespace

Family logic() { return {"logic", kRows}; }

}  // namespace edgeopt::ops
