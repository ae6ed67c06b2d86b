// Operators that make values: constants, ranges, random numbers, shapes, windows, type changes.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr Operator kRows[] = {
    {.type = "AffineGrid", .cost = PerOutput<3>},
    {.type = "Bernoulli", .cost = PerOutput<4>},
    {.type = "BitCast"},
    {.type = "BlackmanWindow", .cost = PerOutput<8>},
    {.type = "Cast", .cost = PerOutput<1>},
    {.type = "CastLike", .cost = PerOutput<1>},
    {.type = "Constant"},
    {.type = "ConstantOfShape", .cost = PerOutput<1>},
    {.type = "EyeLike", .cost = PerOutput<1>},
    {.type = "HammingWindow", .cost = PerOutput<4>},
    {.type = "HannWindow", .cost = PerOutput<4>},
    {.type = "MelWeightMatrix", .cost = PerOutput<4>},
    {.type = "Multinomial", .cost = PerInput<4>},
    {.type = "OneHot", .cost = PerOutput<1>},
    {.type = "RandomNormal", .cost = PerOutput<4>},
    {.type = "RandomNormalLike", .cost = PerOutput<4>},
    {.type = "RandomUniform", .cost = PerOutput<4>},
    {.type = "RandomUniformLike", .cost = PerOutput<4>},
    {.type = "Range", .cost = PerOutput<1>},
    {.type = "Shape"},
    {.type = "Size"},
};

}  // namespace

Family generation() { return {"generation", kRows}; }

}  // namespace edgeopt::ops
