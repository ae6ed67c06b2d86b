// Other element types.
#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// The program says the result's type.
Status Cast(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  for (const char* name : {"dtype", "copy", "other"}) op.Ignore(name);
  return op.OutCast(self.value, self.type);
}

constexpr Rule kRules[] = {
    {.target = "aten._to_copy.default", .lower = Cast},
    {.target = "aten.to.device", .lower = Cast},
    {.target = "aten.to.dtype", .lower = Cast},
    {.target = "aten.to.dtype_layout", .lower = Cast},
    {.target = "aten.to.other", .lower = Cast},
    {.target = "aten.type_as.default", .lower = Cast},
};

}  // namespace

Family casts() { return {"casts", kRules}; }

}  // namespace edgeopt::formats::pt2
