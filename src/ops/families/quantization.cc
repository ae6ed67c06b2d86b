// Between numbers and their quantized form.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr Operator kRows[] = {
    {.type = "DequantizeLinear", .cost = PerOutput<2>},
    {.type = "DynamicQuantizeLinear", .cost = PerOutput<5>},
    {.type = "QuantizeLinear", .cost = PerOutput<3>},
    {.type = "DequantizeLinear", .domain = "com.microsoft", .cost = PerOutput<2>},
    {.type = "QuantizeLinear", .domain = "com.microsoft", .cost = PerOutput<3>},
};

}  // namespace

Family quantization() { return {"quantization", kRows}; }

}  // namespace edgeopt::ops
