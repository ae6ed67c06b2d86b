// Operators that leave their tensor as it is, checks that the exporter leaves behind, and graphs
// inside the program that run as they are.
#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

Status Same(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.OutSame(x);
}

// Of what the exporter found out about types and sizes, there is nothing to compute.
Status Nothing(OperatorLowering& op) {
  op.IgnoreAll();
  return OkStatus();
}

// (enabled, graph, operands...): no gradients are computed here.
Status WithoutGradients(OperatorLowering& op) { return op.RunGraph(1, 2); }

// (device_type, dtype, enabled, cache_enabled, graph, operands...).
Status WithAutocast(OperatorLowering& op) {
  EDGEOPT_TRY(const Size enabled, op.SizeAt(2));
  if (enabled != Size(int64_t{0}))
    return op.Unsupported("automatic casts to another type (torch.autocast)");
  return op.RunGraph(4, 5);
}

constexpr Rule kRules[] = {
    {.target = "aten._assert_async.msg", .lower = Nothing},
    {.target = "aten._assert_scalar.default", .lower = Nothing},
    {.target = "aten._assert_tensor_metadata.default", .lower = Nothing},
    {.target = "aten.alias.default", .lower = Same},
    {.target = "aten.clone.default", .lower = Same},
    {.target = "aten.contiguous.default", .lower = Same},
    {.target = "aten.detach.default", .lower = Same},
    {.target = "aten.lift.default", .lower = Same},
    {.target = "aten.lift_fresh.default", .lower = Same},
    {.target = "aten.lift_fresh_copy.default", .lower = Same},
    {.target = "aten.sym_constrain_range.default", .lower = Nothing},
    {.target = "aten.sym_constrain_range_for_size.default", .lower = Nothing},
    {.target = "higher_order.wrap_with_autocast", .lower = WithAutocast},
    {.target = "higher_order.wrap_with_set_grad_enabled", .lower = WithoutGradients},
};

}  // namespace

Family identity() { return {"identity", kRules}; }

}  // namespace edgeopt::formats::pt2
