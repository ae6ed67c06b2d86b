// Reductions and selections along axes: each input element is looked at once.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr std::string_view kSum =
    "sums over many elements have another scale than the elements; check its error";

constexpr Operator kRows[] = {
    {.type = "ArgMax", .cost = PerInput<1>},
    {.type = "ArgMin", .cost = PerInput<1>},
    {.type = "ReduceL1", .cost = PerInput<2>, .hard_to_quantize = kSum},
    {.type = "ReduceL2", .cost = PerInput<2>, .hard_to_quantize = kSum},
    {.type = "ReduceLogSum", .cost = PerInput<1>, .hard_to_quantize = kSum},
    {.type = "ReduceLogSumExp", .cost = PerInput<5>, .hard_to_quantize = kSum},
    {.type = "ReduceMax", .cost = PerInput<1>, .keeps_values = true},
    {.type = "ReduceMean", .cost = PerInput<1>},
    {.type = "ReduceMin", .cost = PerInput<1>, .keeps_values = true},
    {.type = "ReduceProd", .cost = PerInput<1>, .hard_to_quantize = kSum},
    {.type = "ReduceSum", .cost = PerInput<1>, .hard_to_quantize = kSum},
    {.type = "ReduceSumSquare", .cost = PerInput<2>, .hard_to_quantize = kSum},
    // Selecting and sorting take about log2(n) comparisons per element; 10 stands for it.
    {.type = "TopK", .cost = PerInput<10>, .keeps_values = true},
    {.type = "Unique", .cost = PerInput<10>, .keeps_values = true},
};

}  // namespace

Family reduction() { return {"reduction", kRows}; }

}  // namespace edgeopt::ops
