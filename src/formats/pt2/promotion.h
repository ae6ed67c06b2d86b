// PyTorch's type promotion ("Type promotion" in torch.tensor_attributes of its documentation), and
// the types that arithmetic is done in. Internal to formats/pt2.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/result.h"
#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {

// The type that the arguments have in common: that of the tensors with axes, unless a scalar tensor
// or a number is of a higher category (bool, integer, floating point). Arguments that are missing
// don't count; reading them is left to the rule.
Result<DataType> CommonType(OperatorLowering& op, std::initializer_list<std::string_view> names);

// The type to compute in where the result is of type `type`: int32 for bool and narrower integers,
// for which runtimes have no arithmetic. The low bits of sums, differences and products are the
// same, and bool sums and products are "or" and "and".
DataType ArithmeticType(DataType type);

}  // namespace edgeopt::formats::pt2
