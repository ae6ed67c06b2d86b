#include "quant/int4.h"

#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

TEST(Int4, FirstValueInTheLowHalf) {
  EXPECT_EQ(PackInt4(std::vector<uint8_t>{0x1, 0x2, 0xF}), (std::vector<uint8_t>{0x21, 0x0F}));
  EXPECT_TRUE(PackInt4({}).empty());
}

TEST(Int4, BytesAreOnnxs) {
  std::vector<uint8_t> values;
  for (int i = -8; i < 7; ++i) values.push_back(static_cast<uint8_t>(i));
  EXPECT_EQ(PackInt4(values),
            Expected()["weights"]["int4_from_minus_8"].get<std::vector<uint8_t>>());
}

TEST(Int4, RoundTrip) {
  for (size_t count = 0; count <= 17; ++count) {
    std::vector<uint8_t> as_signed, as_unsigned;
    for (size_t i = 0; i < count; ++i) {
      as_signed.push_back(static_cast<uint8_t>(static_cast<int>(i % 16) - 8));
      as_unsigned.push_back(static_cast<uint8_t>(i % 16));
    }
    EXPECT_EQ(*UnpackInt4(PackInt4(as_signed), count, true), as_signed);
    EXPECT_EQ(*UnpackInt4(PackInt4(as_unsigned), count, false), as_unsigned);
  }
}

TEST(Int4, WrongLengthIsRefused) {
  const std::vector<uint8_t> two_bytes = {1, 2};
  EXPECT_TRUE(UnpackInt4(two_bytes, 3, true).ok());
  EXPECT_TRUE(UnpackInt4(two_bytes, 4, true).ok());
  for (const size_t count : {size_t{0}, size_t{2}, size_t{5}, SIZE_MAX}) {
    const auto result = UnpackInt4(two_bytes, count, true);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kBadInput);
  }
}

}  // namespace
}  // namespace edgeopt::quant
