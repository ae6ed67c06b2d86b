#include "ir/data_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ir/small_float.h"

namespace edgeopt::ir {
namespace {

TEST(DataType, NamesRoundTrip) {
  for (int32_t i = 1; i <= kLastDataType; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(DataTypeFromName(Name(type)), type) << i;
  }
  EXPECT_EQ(DataTypeFromName("float"), DataType::kFloat32);
  EXPECT_EQ(DataTypeFromName("double"), DataType::kFloat64);
  EXPECT_EQ(DataTypeFromName("float128"), std::nullopt);
}

TEST(DataType, NumbersOutsideOfTheEnumAreUndefined) {
  EXPECT_EQ(BitsOf(static_cast<DataType>(99)), 0);
  EXPECT_EQ(BitsOf(static_cast<DataType>(-1)), 0);
  EXPECT_EQ(Name(static_cast<DataType>(29)), "undefined");
}

TEST(DataType, Classes) {
  EXPECT_TRUE(IsFloatingPoint(DataType::kFloat6E3M2));
  EXPECT_FALSE(IsFloatingPoint(DataType::kComplex64));
  EXPECT_TRUE(IsInteger(DataType::kUint2));
  EXPECT_FALSE(IsInteger(DataType::kBool));
  EXPECT_EQ(BitsOf(DataType::kInt4), 4);
  EXPECT_EQ(BitsOf(DataType::kComplex128), 128);
}

// Every code of every small type against ml_dtypes (tests/ir/data/small_floats.py).
TEST(SmallFloat, AllCodes) {
  std::ifstream file(EDGEOPT_SOURCE_DIR "/tests/ir/data/small_floats.txt");
  std::string line;
  int types = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    const auto type = DataTypeFromName(name);
    ASSERT_TRUE(type.has_value()) << name;
    for (unsigned code = 0; words >> word; ++code) {
      const float expected = std::strtof(word.c_str(), nullptr),
                  actual = SmallFloatToFloat(*type, code);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(actual)) << name << " " << code;
      } else {
        EXPECT_EQ(actual, expected) << name << " " << code;
        EXPECT_EQ(std::signbit(actual), std::signbit(expected)) << name << " " << code;
      }
    }
    ++types;
  }
  EXPECT_EQ(types, 8);
}

}  // namespace
}  // namespace edgeopt::ir
