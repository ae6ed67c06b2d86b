// Arithmetic of sizes: scalars of int64, computed at once where they are known.
#include <algorithm>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// The size of an axis.
Status SymSize(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, x.rank()));
  if (x.rank() == 0) return BadInput("a scalar has no size");
  return op.Out(op.Value(op.SizeOfAxis(x, axis)));
}

Status SymCount(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.Out(op.Node("Size", {x.value}));
}

// One of ai.onnx on two sizes.
Status Binary(OperatorLowering& op) {
  EDGEOPT_TRY(const Size a, op.SizeAt(0));
  EDGEOPT_TRY(const Size b, op.SizeAt(1));
  return op.Out(op.Node(op.onnx(), {op.Value(a), op.Value(b)}));
}

Status Negative(OperatorLowering& op) {
  EDGEOPT_TRY(const Size a, op.SizeAt(0));
  return op.Out(op.Node("Neg", {op.Value(a)}));
}

// Python rounds down, ONNX towards 0: (a - (a mod b)) / b, with the remainder's sign that of b.
Status FloorDivide(OperatorLowering& op) {
  EDGEOPT_TRY(const Size a, op.SizeAt(0));
  EDGEOPT_TRY(const Size b, op.SizeAt(1));
  const ValueId dividend = op.Value(a), divisor = op.Value(b);
  const ValueId remainder = op.Node("Mod", {dividend, divisor});
  return op.Out(op.Node("Div", {op.Node("Sub", {dividend, remainder}), divisor}));
}

constexpr Rule kRules[] = {
    {.target = "_operator.add", .lower = Binary, .onnx = "Add"},
    {.target = "_operator.eq", .lower = Binary, .onnx = "Equal"},
    {.target = "_operator.floordiv", .lower = FloorDivide},
    {.target = "_operator.ge", .lower = Binary, .onnx = "GreaterOrEqual"},
    {.target = "_operator.gt", .lower = Binary, .onnx = "Greater"},
    {.target = "_operator.le", .lower = Binary, .onnx = "LessOrEqual"},
    {.target = "_operator.lt", .lower = Binary, .onnx = "Less"},
    {.target = "_operator.mod", .lower = Binary, .onnx = "Mod"},
    {.target = "_operator.mul", .lower = Binary, .onnx = "Mul"},
    {.target = "_operator.neg", .lower = Negative},
    {.target = "_operator.sub", .lower = Binary, .onnx = "Sub"},
    {.target = "aten.sym_numel.default", .lower = SymCount},
    {.target = "aten.sym_size.int", .lower = SymSize},
    {.target = "torch.sym_max", .lower = Binary, .onnx = "Max"},
    {.target = "torch.sym_min", .lower = Binary, .onnx = "Min"},
};

}  // namespace

Family symbolic() { return {"symbolic", kRules}; }

}  // namespace edgeopt::formats::pt2
