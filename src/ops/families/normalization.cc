// Normalizations.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr std::string_view kStatistics =
    "its mean and variance need more than 8 bits; runtimes compute it in float";

constexpr Operator kRows[] = {
    {.type = "BatchNormalization", .cost = PerOutput<2>},
    {.type = "GroupNormalization", .cost = PerOutput<6>, .hard_to_quantize = kStatistics},
    {.type = "InstanceNormalization", .cost = PerOutput<6>, .hard_to_quantize = kStatistics},
    {.type = "LayerNormalization", .cost = PerOutput<6>, .hard_to_quantize = kStatistics},
    {.type = "LpNormalization", .cost = PerOutput<3>, .hard_to_quantize = kStatistics},
    {.type = "LRN", .cost = PerOutput<6>, .hard_to_quantize = kStatistics},
    {.type = "MeanVarianceNormalization", .cost = PerOutput<5>, .hard_to_quantize = kStatistics},
    {.type = "RMSNormalization", .cost = PerOutput<4>, .hard_to_quantize = kStatistics},
    {.type = "EmbedLayerNormalization",
     .domain = "com.microsoft",
     .cost = PerOutput<7>,
     .hard_to_quantize = kStatistics},
    {.type = "SimplifiedLayerNormalization",
     .domain = "com.microsoft",
     .cost = PerOutput<4>,
     .hard_to_quantize = kStatistics},
    {.type = "SkipLayerNormalization",
     .domain = "com.microsoft",
     .cost = PerOutput<7>,
     .hard_to_quantize = kStatistics},
    {.type = "SkipSimplifiedLayerNormalization",
     .domain = "com.microsoft",
     .cost = PerOutput<5>,
     .hard_to_quantize = kStatistics},
};

}  // namespace

Family normalization() { return {"normalization", kRows}; }

}  // namespace edgeopt::ops
