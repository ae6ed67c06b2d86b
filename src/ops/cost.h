// What a model costs: multiply-accumulates, parameters, activation memory, per node and in total.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ir/model.h"

namespace edgeopt::ops {

struct CostOptions {
  // Sizes for named unknown dimensions ("batch", "sequence"). Others count as 1: see FixInputSizes
  // in ops/sizes.h for a better guess before types are inferred.
  std::map<std::string, int64_t> sizes;
};

struct NodeCost {
  std::string label;    // the node's name, else its first output; inside a subgraph "outer/inner"
  std::string op_type;  // with the domain unless it is ai.onnx: "com.microsoft.FusedMatMul"
  int64_t macs = 0, other = 0;                  // see ops/operator.h, Work
  int64_t parameters = 0, parameter_bytes = 0;  // constants that first reach this node
  int64_t output_bytes = 0;
  bool known = true;  // false: shapes are missing, so macs and other are 0
};

struct ModelCost {
  std::vector<NodeCost> nodes;  // in execution order; Constant nodes are left out
  int64_t macs = 0, other = 0, parameters = 0, parameter_bytes = 0;
  // The largest sum of results alive at one moment when nodes run in order, inputs included; main
  // graph only.
  int64_t peak_activation_bytes = 0;
  int64_t unknown_nodes = 0;  // nodes whose shapes are missing; infer types first
  // What was assumed, in words: "'batch' is counted as 1".
  std::vector<std::string> assumptions;
};

// Requires inferred types. Of an If the costlier branch counts, of a Loop one round, of a Scan as
// many as the scanned axis is long. Calls of model-local functions are counted where they stand,
// which needs their bodies' shapes: inline the functions first.
//
// A parameter is an element of a constant that holds numbers of the model: floating-point and 4-
// and 8-bit integer constants, and int32 ones that a quantized operator uses as bias - but not
// shapes, indices, scales and zero points. A constant is counted once, at its first user.
ModelCost Analyze(const ir::Model& model, const CostOptions& options = {});

}  // namespace edgeopt::ops
