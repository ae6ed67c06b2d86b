// All that `edgeopt inspect` shows of a model, as data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/model.h"
#include "ops/cost.h"
#include "ops/quantizability.h"

namespace edgeopt::ops {

struct Inspection {
  struct Port {
    std::string name;
    ir::Type type;
    std::string doc_string;
  };
  struct OperatorRow {
    std::string op_type;  // as in NodeCost
    int64_t count = 0, macs = 0, other = 0, parameters = 0, parameter_bytes = 0;
  };
  struct ParameterRow {
    ir::DataType type = ir::DataType::kUndefined;
    int64_t tensors = 0, elements = 0, bytes = 0;
  };

  // Inputs that a caller must feed; those with a default value are parameters.
  std::vector<Port> inputs, outputs;
  std::vector<OperatorRow> operators;    // most MACs first, then most nodes, then by name
  std::vector<ParameterRow> parameters;  // most bytes first
  std::vector<Finding> hard_to_quantize;
  ModelCost cost;
};

// `cost` may come from a copy of the model with fixed input sizes; formats::Inspect makes one.
Inspection Inspect(const ir::Model& model, ModelCost cost);

}  // namespace edgeopt::ops
