// Permuted tensors, worked by hand. (tests/passes/layout compares with ONNX Runtime's Transpose.)
#include "ir/permute.h"

#include <gtest/gtest.h>

namespace edgeopt::ir {
namespace {

TEST(Permute, PermutesElementsOfEveryWidth) {
  const auto transposed = [](const auto& values) {
    return Permuted(Tensor::Of({2, 3}, values), {1, 0});
  };
  EXPECT_EQ(transposed(std::vector<int8_t>{1, 2, 3, 4, 5, 6}),
            Tensor::Of({3, 2}, std::vector<int8_t>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(transposed(std::vector<uint16_t>{1, 2, 3, 4, 5, 6}),
            Tensor::Of({3, 2}, std::vector<uint16_t>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(transposed(std::vector<int64_t>{1, 2, 3, 4, 5, 6}),
            Tensor::Of({3, 2}, std::vector<int64_t>{1, 4, 2, 5, 3, 6}));
  const auto strings = Tensor::MakeStrings({2, 2}, {"a", "b", "c", "d"}).value();
  EXPECT_EQ(Permuted(strings, {1, 0}).strings(), (std::vector<std::string>{"a", "c", "b", "d"}));
}

// 4-bit elements 1 2 3 / 4 5 6, the first one in the low half of the first byte; 2-bit ones 0 1 2 /
// 3 0 1 likewise.
TEST(Permute, PermutesPackedElements) {
  const auto packed = [](DataType type, Dims dims, const std::vector<uint8_t>& bytes) {
    return Tensor::Make(type, std::move(dims), Buffer::FromVector(bytes)).value();
  };
  EXPECT_EQ(Permuted(packed(DataType::kUint4, {2, 3}, {0x21, 0x43, 0x65}), {1, 0}),
            packed(DataType::kUint4, {3, 2}, {0x41, 0x52, 0x63}));
  EXPECT_EQ(Permuted(packed(DataType::kUint2, {2, 3}, {0b11100100, 0b0100}), {1, 0}),
            packed(DataType::kUint2, {3, 2}, {0b00011100, 0b0110}));
}

// Channels to the end is {0, 2, 3, 1}; from the end to axis 1 is {0, 3, 1, 2}.
TEST(ChannelMoves, AreToldBySizes) {
  using Moves = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(ChannelMoves({1, 3, 8, 9}, {1, 8, 9, 3}), (Moves{{0, 2, 3, 1}}));
  EXPECT_EQ(ChannelMoves({1, 8, 9, 3}, {1, 3, 8, 9}), (Moves{{0, 3, 1, 2}}));
  EXPECT_EQ(ChannelMoves({1, 3, 8, 9}, {1, 3, 8, 9}), (Moves{{0, 1, 2, 3}}));
  EXPECT_EQ(ChannelMoves({-1, 3, 8, 9}, {4, 8, 9, 3}), (Moves{{0, 2, 3, 1}}));
  EXPECT_EQ(ChannelMoves({1, 4, 4}, {1, 4, 4}).size(), 3u);
  EXPECT_EQ(ChannelMoves({2, 3}, {2, 3}), (Moves{{0, 1}}));
  EXPECT_TRUE(ChannelMoves({2, 3}, {3, 2}).empty());
  EXPECT_TRUE(ChannelMoves({1, 3, 8}, {1, 3, 8, 1}).empty());
}

}  // namespace
}  // namespace edgeopt::ir
