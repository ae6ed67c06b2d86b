// What ops/shape_arithmetic can evaluate. Internal to ops.
#pragma once

#include <span>
#include <string_view>

#include "ops/shapes/array.h"

namespace edgeopt::ops {

struct Evaluator {
  std::string_view op_type;
  // One entry per input of the node, at least one; nullopt where an input is omitted or not known.
  Evaluated (*evaluate)(const ir::Node& node, const Arrays& in);
};

std::span<const Evaluator> LayoutEvaluators();
std::span<const Evaluator> ArithmeticEvaluators();

}  // namespace edgeopt::ops
