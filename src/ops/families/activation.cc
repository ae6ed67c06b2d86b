// Activation functions; softmax among them.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr std::string_view kTail =
    "small negative outputs beside a large positive range leave few of the 256 steps for them";
constexpr std::string_view kSoftmax =
    "most of its outputs are far below 1/256 and vanish in 8 bits; keep it in float";

constexpr Operator kRows[] = {
    {.type = "Celu", .cost = PerOutput<4>, .hard_to_quantize = kTail},
    {.type = "Clip", .cost = PerOutput<2>},
    {.type = "Elu", .cost = PerOutput<4>, .hard_to_quantize = kTail},
    {.type = "Gelu", .cost = PerOutput<8>, .hard_to_quantize = kTail},
    {.type = "HardSigmoid", .cost = PerOutput<3>},
    {.type = "HardSwish", .cost = PerOutput<4>, .hard_to_quantize = kTail},
    {.type = "Hardmax", .cost = PerOutput<1>},
    {.type = "LeakyRelu", .cost = PerOutput<2>},
    {.type = "LogSoftmax",
     .cost = PerOutput<6>,
     .hard_to_quantize = "its range is open below; keep it in float"},
    {.type = "Mish", .cost = PerOutput<8>, .hard_to_quantize = kTail},
    {.type = "PRelu", .cost = PerOutput<2>, .weight_input = 1},
    {.type = "Relu", .cost = PerOutput<1>},
    {.type = "Selu", .cost = PerOutput<4>, .hard_to_quantize = kTail},
    {.type = "Shrink", .cost = PerOutput<2>},
    {.type = "Sigmoid", .cost = PerOutput<4>},
    {.type = "Softmax", .cost = PerOutput<5>, .hard_to_quantize = kSoftmax},
    {.type = "Softplus", .cost = PerOutput<4>},
    {.type = "Softsign", .cost = PerOutput<3>},
    {.type = "SwiGLU", .cost = PerOutput<6>, .hard_to_quantize = kTail},
    {.type = "Swish", .cost = PerOutput<5>, .hard_to_quantize = kTail},
    {.type = "Tanh", .cost = PerOutput<4>},
    {.type = "ThresholdedRelu", .cost = PerOutput<1>},
    {.type = "BiasGelu",
     .domain = "com.microsoft",
     .cost = PerOutput<9>,
     .hard_to_quantize = kTail},
    {.type = "FastGelu",
     .domain = "com.microsoft",
     .cost = PerOutput<8>,
     .hard_to_quantize = kTail},
    {.type = "Gelu", .domain = "com.microsoft", .cost = PerOutput<8>, .hard_to_quantize = kTail},
    {.type = "QLinearLeakyRelu", .domain = "com.microsoft", .cost = PerOutput<2>},
    {.type = "QLinearSigmoid", .domain = "com.microsoft", .cost = PerOutput<4>},
    {.type = "QLinearSoftmax", .domain = "com.microsoft", .cost = PerOutput<5>},
    {.type = "QuickGelu",
     .domain = "com.microsoft",
     .cost = PerOutput<6>,
     .hard_to_quantize = kTail},
};

}  // namespace

Family activation() { return {"activation", kRows}; }

}  // namespace edgeopt::ops
