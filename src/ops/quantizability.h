// Where 8-bit quantization will probably hurt, and why.
#pragma once

#include <string>
#include <vector>

#include "ir/model.h"

namespace edgeopt::ops {

struct Finding {
  std::string node;  // label as in ops/cost.h
  std::string op_type;
  std::string reason;
};

// In execution order, subgraphs included. From the operators (ops/families), from known patterns
// such as x * sigmoid(x), and from the weights: channels of very different range, outliers, values
// that are not finite, mask constants. Nothing is run.
std::vector<Finding> HardToQuantize(const ir::Model& model);

}  // namespace edgeopt::ops
