// Operators with subgraphs, and containers. Their own work is nothing; ops/cost adds the
// subgraphs'.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr Operator kRows[] = {
    {.type = "ConcatFromSequence", .cost = PerOutput<1>},
    {.type = "If"},
    {.type = "Loop"},
    {.type = "Optional"},
    {.type = "OptionalGetElement"},
    {.type = "OptionalHasElement"},
    {.type = "Scan"},
    {.type = "SequenceAt"},
    {.type = "SequenceConstruct"},
    {.type = "SequenceEmpty"},
    {.type = "SequenceErase"},
    {.type = "SequenceInsert"},
    {.type = "SequenceLength"},
    {.type = "SequenceMap"},
    {.type = "SplitToSequence", .cost = PerInput<1>},
};

}  // namespace

Family control_flow() { return {"control_flow", kRows}; }

}  // namespace edgeopt::ops
