// Permuting constants, checked against ONNX Runtime and by hand.
#include "passes/layout/layout.h"

#include <numeric>

#include "passes/layout/lower_back.h"

namespace edgeopt::passes::layout {
namespace {

TEST(Layout, PermutesWhatOnnxRuntimeTransposes) {
  std::vector<float> numbers(2 * 3 * 4 * 5);
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  const ir::Tensor tensor = ir::Tensor::Of({2, 3, 4, 5}, numbers);
  for (const Permutation& perm : {Permutation{0, 2, 3, 1}, {3, 0, 2, 1}, {0, 1, 2, 3}}) {
    ir::Tensor expected = Transposed(tensor, perm);
    EXPECT_EQ(PermutedTensor(tensor, perm), expected);
  }
}

TEST(Layout, PermutesElementsOfEveryWidth) {
  const auto transposed = [](const auto& values) {
    return PermutedTensor(ir::Tensor::Of({2, 3}, values), {1, 0});
  };
  EXPECT_EQ(transposed(std::vector<int8_t>{1, 2, 3, 4, 5, 6}),
            ir::Tensor::Of({3, 2}, std::vector<int8_t>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(transposed(std::vector<uint16_t>{1, 2, 3, 4, 5, 6}),
            ir::Tensor::Of({3, 2}, std::vector<uint16_t>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(transposed(std::vector<int64_t>{1, 2, 3, 4, 5, 6}),
            ir::Tensor::Of({3, 2}, std::vector<int64_t>{1, 4, 2, 5, 3, 6}));
  const auto strings = ir::Tensor::MakeStrings({2, 2}, {"a", "b", "c", "d"}).value();
  EXPECT_EQ(PermutedTensor(strings, {1, 0}).strings(),
            (std::vector<std::string>{"a", "c", "b", "d"}));
}

// 4-bit elements 1 2 3 / 4 5 6, the first one in the low half of the first byte; 2-bit ones 0 1 2 /
// 3 0 1 likewise.
TEST(Layout, PermutesPackedElements) {
  const auto packed = [](ir::DataType type, ir::Dims dims, const std::vector<uint8_t>& bytes) {
    return ir::Tensor::Make(type, std::move(dims), Buffer::FromVector(bytes)).value();
  };
  EXPECT_EQ(PermutedTensor(packed(ir::DataType::kUint4, {2, 3}, {0x21, 0x43, 0x65}), {1, 0}),
            packed(ir::DataType::kUint4, {3, 2}, {0x41, 0x52, 0x63}));
  EXPECT_EQ(PermutedTensor(packed(ir::DataType::kUint2, {2, 3}, {0b11100100, 0b0100}), {1, 0}),
            packed(ir::DataType::kUint2, {3, 2}, {0b00011100, 0b0110}));
}

TEST(Layout, ConversionsCompose) {
  const Layout a = LayoutOf({0, 2, 3, 1}), b = LayoutOf({3, 0, 1, 2});
  const auto there = Conversion(a, b, 4), back = Conversion(b, a, 4);
  EXPECT_EQ(Composed(there, back), IdentityOf(4));
  EXPECT_EQ(Permuted(a.order, there), b.order);
  EXPECT_EQ(Conversion({}, a, 4), a.order);
  EXPECT_TRUE(LayoutOf({0, 1, 2}).plain());
}

TEST(Layout, MovesOfAxesOfSizeOne) {
  const auto shape = ir::ToShape({7, 5, 1, 1});
  EXPECT_TRUE(MovesOnlyOnes({}, ChannelsLast(4), shape));
  EXPECT_FALSE(MovesOnlyOnes({}, ChannelsLast(4), ir::ToShape({7, 5, 2, 1})));
}

}  // namespace
}  // namespace edgeopt::passes::layout
