#include "quant/int4.h"

namespace edgeopt::quant {

std::vector<uint8_t> PackInt4(std::span<const uint8_t> values) {
  std::vector<uint8_t> packed((values.size() + 1) / 2);
  for (size_t i = 0; i < values.size(); ++i)
    packed[i / 2] |= static_cast<uint8_t>((values[i] & 0xF) << (i % 2 * 4));
  return packed;
}

Result<std::vector<uint8_t>> UnpackInt4(std::span<const uint8_t> packed, size_t count,
                                        bool is_signed) {
  if (packed.size() != count / 2 + count % 2) {
    return BadInput(std::to_string(count) + " 4-bit values need " +
                    std::to_string(count / 2 + count % 2) + " bytes, there are " +
                    std::to_string(packed.size()));
  }
  std::vector<uint8_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t value = (packed[i / 2] >> (i % 2 * 4)) & 0xF;
    values[i] = is_signed && value >= 8 ? value | 0xF0 : value;
  }
  return values;
}

}  // namespace edgeopt::quant
