// Resampling and detection.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

constexpr std::string_view kBoxes =
    "it compares boxes and scores; coordinates need more than 8 bits";

constexpr Operator kRows[] = {
    {.type = "Col2Im", .cost = PerInput<1>},
    {.type = "GridSample",
     .cost = PerOutput<8>,
     .hard_to_quantize = "sampling positions need more than 8 bits"},
    {.type = "ImageDecoder"},
    {.type = "NonMaxSuppression", .cost = PerInput<4>, .hard_to_quantize = kBoxes},
    {.type = "Resize", .cost = PerOutput<4>},
    {.type = "Upsample", .cost = PerOutput<4>},
};

}  // namespace

Family vision() { return {"vision", kRows}; }

}  // namespace edgeopt::ops
