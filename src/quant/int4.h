// 4-bit integers, two to a byte, the first in the low half: ONNX's INT4 and UINT4 storage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace edgeopt::quant {

// One value per byte in (its low four bits count, so int8 and uint8 alike), two per byte out. An
// odd count leaves the last high half zero.
std::vector<uint8_t> PackInt4(std::span<const uint8_t> values);

// `count` values, one per byte: sign-extended to int8 with `is_signed`, else 0 to 15.
// BadInput when `packed` doesn't have exactly the bytes of `count` values.
Result<std::vector<uint8_t>> UnpackInt4(std::span<const uint8_t> packed, size_t count,
                                        bool is_signed);

}  // namespace edgeopt::quant
