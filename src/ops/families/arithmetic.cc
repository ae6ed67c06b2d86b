// Element by element arithmetic on numbers.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr std::string_view kRange =
    "its outputs span orders of magnitude, more than 256 even steps can show";

constexpr Operator kRows[] = {
    {.type = "Abs", .cost = PerOutput<1>},
    {.type = "Acos", .cost = PerOutput<4>},
    {.type = "Acosh", .cost = PerOutput<4>},
    {.type = "Add", .cost = PerOutput<1>},
    {.type = "Asin", .cost = PerOutput<4>},
    {.type = "Asinh", .cost = PerOutput<4>},
    {.type = "Atan", .cost = PerOutput<4>},
    {.type = "Atanh", .cost = PerOutput<4>},
    {.type = "Ceil", .cost = PerOutput<1>},
    {.type = "Cos", .cost = PerOutput<4>},
    {.type = "Cosh", .cost = PerOutput<4>},
    {.type = "CumProd", .cost = PerOutput<1>, .hard_to_quantize = kRange},
    {.type = "CumSum", .cost = PerOutput<1>},
    {.type = "Det", .cost = PerInput<3>, .hard_to_quantize = kRange},
    {.type = "Div", .cost = PerOutput<1>},
    {.type = "Erf", .cost = PerOutput<4>},
    {.type = "Exp", .cost = PerOutput<4>, .hard_to_quantize = kRange},
    {.type = "Floor", .cost = PerOutput<1>},
    {.type = "Log", .cost = PerOutput<4>},
    {.type = "Max", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Mean", .cost = PerOutput<2>},
    {.type = "Min", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Mod", .cost = PerOutput<1>},
    {.type = "Mul", .cost = PerOutput<1>},
    {.type = "Neg", .cost = PerOutput<1>},
    {.type = "Pow", .cost = PerOutput<4>, .hard_to_quantize = kRange},
    {.type = "Reciprocal", .cost = PerOutput<1>, .hard_to_quantize = kRange},
    {.type = "RotaryEmbedding", .cost = PerOutput<3>},
    {.type = "Round", .cost = PerOutput<1>},
    {.type = "Sign", .cost = PerOutput<1>},
    {.type = "Sin", .cost = PerOutput<4>},
    {.type = "Sinh", .cost = PerOutput<4>},
    {.type = "Sqrt", .cost = PerOutput<1>},
    {.type = "Sub", .cost = PerOutput<1>},
    {.type = "Sum", .cost = PerOutput<1>},
    {.type = "Tan", .cost = PerOutput<4>},
    {.type = "QLinearAdd", .domain = "com.microsoft", .cost = PerOutput<1>},
    {.type = "QLinearMul", .domain = "com.microsoft", .cost = PerOutput<1>},
};

}  // namespace

Family arithmetic() { return {"arithmetic", kRows}; }

}  // namespace edgeopt::ops
