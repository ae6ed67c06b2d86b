// Recurrent layers. X [L, B, I] (or [B, L, I] with layout 1), W [D, gates * H, I], R [D, gates * H,
// H]: each of the L * B steps takes every element of W and R once (ONNX operators LSTM, GRU, RNN).
// Where the rank of X is not known, one step is counted: unknown sizes are 1.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

std::optional<Work> RecurrentCost(const Operands& operands) {
  const ir::Dims *x = operands.input(0), *w = operands.input(1), *r = operands.input(2);
  if (!w || !r) return std::nullopt;
  const int64_t steps = x && x->size() == 3 ? SaturatingMultiply((*x)[0], (*x)[1]) : 1;
  return Work{.macs = SaturatingMultiply(steps, SaturatingAdd(Elements(*w), Elements(*r)))};
}

// One scale per gate and unit.
int64_t GateAxis(const ir::Node&, int64_t) { return 1; }

constexpr std::string_view kWhy =
    "its state feeds back into it, so errors add up; quantize its weights only (dynamic int8)";

constexpr Operator kRows[] = {
    {.type = "GRU",
     .cost = RecurrentCost,
     .weight_input = 1,
     .weight_axis = GateAxis,
     .hard_to_quantize = kWhy},
    {.type = "LSTM",
     .cost = RecurrentCost,
     .weight_input = 1,
     .weight_axis = GateAxis,
     .hard_to_quantize = kWhy},
    {.type = "RNN",
     .cost = RecurrentCost,
     .weight_input = 1,
     .weight_axis = GateAxis,
     .hard_to_quantize = kWhy},
};

}  // namespace

Family recurrent() { return {"recurrent", kRows}; }

}  // namespace edgeopt::ops
