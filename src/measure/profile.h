// Where the time of a model goes, operator by operator, and which operators really ran in int8.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

// Judged by the kernel that ran and the types of its tensors, not by the model's file.
enum class KernelKind {
  kInt8,        // 8-bit arithmetic (QLinearConv, MatMulInteger), or 8-bit data moved (MaxPool)
  kWeightOnly,  // float arithmetic on packed integer weights (MatMulNBits)
  kConversion,  // QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear
  kFloat,       // computes or moves floating point
  kOther        // indices, shapes, strings, booleans; If, Loop, Scan
};
std::string_view Name(KernelKind kind);  // "int8", "weight-only", "conversion", "float", "other"
KernelKind KindOf(const runtimes::ProfileEvent& event);

struct NodeProfile {
  std::string node, op_type, provider;
  double mean_us = 0;        // per run of the model
  double calls_per_run = 1;  // more than 1 in a Loop
  double share = 0;          // of the time of all operators that are not nested
  std::vector<std::string> input_types, output_types;
  bool nested = false;    // in a subgraph: counted in its If, Loop or Scan too
  std::string precision;  // runtimes::ProfileEvent::precision
  KernelKind kind = KernelKind::kOther;
  // Why it stayed float, where the graph tells it, or in LiteRT was not left to XNNPACK; else
  // empty.
  std::string reason;
};

struct OpProfile {
  std::string op_type;
  int64_t nodes = 0, int8_nodes = 0;
  double mean_us = 0, share = 0;
};

struct KindProfile {
  KernelKind kind = KernelKind::kOther;
  int64_t nodes = 0;
  double mean_us = 0, share = 0;
};

// Which of a runtime's engines ran the operators: "XNNPACK" or "builtin" in LiteRT.
struct ProviderProfile {
  std::string provider;
  int64_t nodes = 0;
  double mean_us = 0, share = 0;
};

struct Profile {
  int64_t runs = 0;                          // behind the means
  double operators_us = 0;                   // sum over the nodes that are not nested
  std::vector<NodeProfile> nodes;            // in order of execution
  std::vector<OpProfile> by_op;              // the most expensive first; nested nodes left out
  std::vector<KindProfile> by_kind;          // in the order of KernelKind, those that occur
  std::vector<ProviderProfile> by_provider;  // the most expensive first
  // What Q/DQ means to be INT8 and is not, and what the runtime does not tell it of (TensorRT).
  std::vector<runtimes::Int8Fallback> int8_fallbacks;
  std::vector<std::string> int8_unknown;
};

// Means per node over the runs. Each node's slowest tenth of the runs is left out: interrupted.
// Profilers count whole microseconds, so a mean says more than a median.
std::vector<NodeProfile> MeanOfRuns(const std::vector<std::vector<runtimes::ProfileEvent>>& runs);
// Shares, kinds and sums.
Profile MakeProfile(std::vector<NodeProfile> nodes, int64_t runs);

// Fills in `reason` for the float nodes of a model in Q/DQ form, as far as the model that was
// loaded tells: an input or output that is float, a weight that is not quantized, an operator
// without an int8 kernel. Without any Q/DQ in the model nothing is said.
void ExplainFloat(const ir::Model& model, Profile& profile);

// Fills in `reason` for the operators that LiteRT ran with its own kernels, of a model that was
// loaded for XNNPACK.
void ExplainBuiltin(Profile& profile);

nlohmann::json ToJson(const Profile& profile);

}  // namespace edgeopt::measure
