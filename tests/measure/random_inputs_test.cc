#include "measure/random_inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace edgeopt::measure {
namespace {

using ir::DataType;
using runtimes::TensorSpec;

TEST(RandomInputs, FillsUnknownDimensions) {
  const std::vector<TensorSpec> specs = {
      {"x", DataType::kFloat32, {-1, 3, -1, -1}, {"batch", "", "height", ""}}};
  const auto ones = RandomInputs(specs);
  ASSERT_TRUE(ones.ok());
  EXPECT_EQ((*ones)[0].dims(), (ir::Dims{1, 3, 1, 1}));
  RandomInputOptions options;
  options.sizes = {{"batch", 2}, {"height", 5}, {"x:3", 7}};
  const auto sized = RandomInputs(specs, options);
  ASSERT_TRUE(sized.ok()) << sized.error().ToString();
  EXPECT_EQ((*sized)[0].dims(), (ir::Dims{2, 3, 5, 7}));
  EXPECT_EQ((*sized)[0].name, "x");
}

TEST(RandomInputs, IsTheSameForTheSameSeed) {
  const std::vector<TensorSpec> specs = {{"x", DataType::kFloat32, {100}, {""}}};
  RandomInputOptions other;
  other.seed = 2;
  const auto a = RandomInputs(specs).value(), b = RandomInputs(specs).value();
  EXPECT_EQ(a[0], b[0]);
  EXPECT_FALSE(a[0] == RandomInputs(specs, other).value()[0]);
  // The first number of mt19937_64 with seed 1 is 2469588189546311528; its top 24 bits / 2^24.
  EXPECT_FLOAT_EQ(a[0].as<float>()[0], static_cast<float>(2469588189546311528ull >> 40) / 16777216);
}

TEST(RandomInputs, StaysInEachTypesRange) {
  const ir::Dims dims = {1000};
  for (const DataType type :
       {DataType::kFloat32, DataType::kFloat64, DataType::kFloat16, DataType::kBfloat16,
        DataType::kInt32, DataType::kInt64, DataType::kBool}) {
    const std::vector<TensorSpec> specs = {{"x", type, dims, {""}}};
    const auto inputs = RandomInputs(specs);
    ASSERT_TRUE(inputs.ok()) << Name(type);
    const auto values = type == DataType::kBool || ir::IsInteger(type)
                            ? [&] {
                                const auto ints = (*inputs)[0].ToInts().value();
                                return std::vector<double>(ints.begin(), ints.end());
                              }()
                            : (*inputs)[0].ToDoubles().value();
    EXPECT_GE(*std::min_element(values.begin(), values.end()), 0) << Name(type);
    EXPECT_LE(*std::max_element(values.begin(), values.end()), 1) << Name(type);
    EXPECT_GT(std::set<double>(values.begin(), values.end()).size(), 1u) << Name(type);
  }
  const std::vector<TensorSpec> bytes = {{"x", DataType::kUint8, dims, {""}}};
  const auto values = RandomInputs(bytes).value()[0].ToInts().value();
  EXPECT_LT(*std::min_element(values.begin(), values.end()), 10);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 245);
}

TEST(RandomInputs, HandlesStringsFourBitsAndSequences) {
  TensorSpec sequence{"s", DataType::kFloat32, {2}, {""}};
  sequence.sequence = true;
  const std::vector<TensorSpec> specs = {
      {"t", DataType::kString, {2}, {""}}, {"n", DataType::kInt4, {3}, {""}}, sequence};
  const auto inputs = RandomInputs(specs);
  ASSERT_TRUE(inputs.ok()) << inputs.error().ToString();
  EXPECT_EQ((*inputs)[0].strings(), (std::vector<std::string>{"", ""}));
  EXPECT_EQ((*inputs)[1].size_bytes(), 2);
  EXPECT_EQ((*inputs)[2].name, "s[0]");
}

TEST(RandomInputs, RefusesWhatItCantMake) {
  const std::vector<TensorSpec> map = {{"m", DataType::kUndefined, {}, {}}};
  ASSERT_FALSE(RandomInputs(map).ok());
  EXPECT_EQ(RandomInputs(map).error().code, ErrorCode::kUnsupported);
  EXPECT_NE(RandomInputs(map).error().message.find("'m'"), std::string::npos);

  const std::vector<TensorSpec> specs = {{"x", DataType::kFloat32, {-1, 4}, {"batch", ""}}};
  RandomInputOptions typo;
  typo.sizes = {{"bacth", 2}};
  EXPECT_EQ(RandomInputs(specs, typo).error().code, ErrorCode::kUsage);
  RandomInputOptions fixed;
  fixed.sizes = {{"x:1", 2}};
  EXPECT_EQ(RandomInputs(specs, fixed).error().code, ErrorCode::kUsage);
  RandomInputOptions huge;
  huge.sizes = {{"batch", int64_t{1} << 40}};
  EXPECT_EQ(RandomInputs(specs, huge).error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace edgeopt::measure
