#include "ir/tensor.h"

#include <gtest/gtest.h>

#include <limits>

namespace edgeopt::ir {
namespace {

Buffer Bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return Buffer::Own(std::move(bytes));
}

TEST(ElementCount, ProductOrError) {
  EXPECT_EQ(ElementCount({}).value(), 1);
  EXPECT_EQ(ElementCount({2, 3, 4}).value(), 24);
  EXPECT_EQ(ElementCount({2, 0, 4}).value(), 0);
  EXPECT_FALSE(ElementCount({2, -1}).ok());
}

TEST(ElementCount, RefusesOverflow) {
  const int64_t large = int64_t{1} << 32;
  EXPECT_FALSE(ElementCount({large, large}).ok());
  // Fits 64 bits, but its size in bits of the widest type would not.
  EXPECT_FALSE(ElementCount({std::numeric_limits<int64_t>::max()}).ok());
  EXPECT_FALSE(ElementCount({large, large, 0}).ok());
}

TEST(StorageBytes, PacksSmallElements) {
  EXPECT_EQ(StorageBytes(DataType::kFloat32, 3), 12);
  EXPECT_EQ(StorageBytes(DataType::kInt4, 3), 2);
  EXPECT_EQ(StorageBytes(DataType::kUint2, 5), 2);
  EXPECT_EQ(StorageBytes(DataType::kFloat6E2M3, 4), 3);  // onnx.proto: ceil(6 * n / 8)
  EXPECT_EQ(StorageBytes(DataType::kFloat6E2M3, 5), 4);
  EXPECT_EQ(StorageBytes(DataType::kInt4, 0), 0);
}

TEST(Tensor, MakeChecksTheSize) {
  EXPECT_TRUE(Tensor::Make(DataType::kInt8, {3}, Bytes({1, 2, 3})).ok());
  const auto wrong = Tensor::Make(DataType::kInt16, {3}, Bytes({1, 2, 3}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(wrong.error().message, "a int16 tensor of shape [3] needs 6 bytes, found 3");
  EXPECT_FALSE(Tensor::Make(DataType::kString, {1}, Bytes({1})).ok());
  EXPECT_FALSE(Tensor::Make(DataType::kUndefined, {0}, {}).ok());
  EXPECT_FALSE(Tensor::MakeStrings({2}, {"one"}).ok());
}

TEST(Tensor, DefaultIsEmpty) {
  const Tensor tensor;
  EXPECT_EQ(tensor.size(), 0);
  EXPECT_EQ(tensor.dims(), Dims{0});
  EXPECT_TRUE(tensor.strings().empty());
}

TEST(Tensor, CopiesUnalignedDataOnly) {
  const Buffer bytes = Bytes({0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 0});
  const auto aligned = Tensor::Make(DataType::kFloat32, {1}, bytes.Slice(4, 4)).value();
  EXPECT_EQ(aligned.data().data(), bytes.data() + 4);
  const auto unaligned = Tensor::Make(DataType::kFloat32, {1}, bytes.Slice(5, 4)).value();
  EXPECT_NE(unaligned.data().data(), bytes.data() + 5);
  EXPECT_EQ(aligned.as<float>()[0], 1.0f);
}

// Elements are packed from the low bits up (onnx.proto, TensorProto.raw_data).
TEST(Tensor, ConvertsPackedElements) {
  const auto int4 = Tensor::Make(DataType::kInt4, {3}, Bytes({0xF1, 0x08})).value();
  EXPECT_EQ(int4.ToInts().value(), (std::vector<int64_t>{1, -1, -8}));
  const auto uint2 = Tensor::Make(DataType::kUint2, {4}, Bytes({0b11'10'01'00})).value();
  EXPECT_EQ(uint2.ToInts().value(), (std::vector<int64_t>{0, 1, 2, 3}));
  const auto int2 = Tensor::Make(DataType::kInt2, {4}, Bytes({0b11'10'01'00})).value();
  EXPECT_EQ(int2.ToInts().value(), (std::vector<int64_t>{0, 1, -2, -1}));
  const auto float4 = Tensor::Make(DataType::kFloat4E2M1, {2}, Bytes({0x72})).value();
  EXPECT_EQ(float4.ToFloats().value(), (std::vector<float>{1.0f, 6.0f}));
  // Codes 0b000001, 0b011111, 0b100000, 0b001000 of E2M3: 2^-3, 7.5, -0, 1. As a stream of bits:
  // byte0 = x0 | (x1 & 3) << 6, byte1 = x1 >> 2 | (x2 & 15) << 4, byte2 = x2 >> 4 | x3 << 2.
  const auto float6 =
      Tensor::Make(DataType::kFloat6E2M3, {4}, Bytes({0b11'000001, 0b0000'0111, 0b001000'10}))
          .value();
  EXPECT_EQ(float6.ToFloats().value(), (std::vector<float>{0.125f, 7.5f, -0.0f, 1.0f}));
}

TEST(Tensor, ConvertsWholeElements) {
  EXPECT_EQ(Tensor::Of<uint8_t>({2}, {1, 255}).ToDoubles().value(), (std::vector<double>{1, 255}));
  const auto half = Tensor::Make(DataType::kFloat16, {1}, Bytes({0x00, 0x3C})).value();
  EXPECT_EQ(half.ToFloats().value(), std::vector<float>{1.0f});
  const auto bfloat = Tensor::Make(DataType::kBfloat16, {1}, Bytes({0x80, 0x3F})).value();
  EXPECT_EQ(bfloat.ToFloats().value(), std::vector<float>{1.0f});
  EXPECT_FALSE(Tensor::Of<float>({1}, {1}).ToInts().ok());
  EXPECT_FALSE(Tensor::MakeStrings({1}, {"x"}).value().ToFloats().ok());
  EXPECT_FALSE(Tensor::Zeros(DataType::kComplex64, {1}).ToFloats().ok());
}

TEST(Tensor, ReshapeSharesTheBytes) {
  const Tensor tensor = Tensor::Of<float>({2, 2}, {1, 2, 3, 4});
  const Tensor reshaped = tensor.Reshaped({4}).value();
  EXPECT_EQ(reshaped.data().data(), tensor.data().data());
  EXPECT_EQ(reshaped.dims(), Dims{4});
  EXPECT_FALSE(tensor.Reshaped({5}).ok());
}

TEST(Tensor, EqualityIsBitwise) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Tensor::Scalar(nan), Tensor::Scalar(nan));
  EXPECT_FALSE(Tensor::Scalar(0.0f) == Tensor::Scalar(-0.0f));
  EXPECT_FALSE(Tensor::Of<float>({1}, {1}) == Tensor::Scalar(1.0f));
  EXPECT_EQ(Tensor::MakeStrings({1}, {"a"}).value(), Tensor::MakeStrings({1}, {"a"}).value());
}

}  // namespace
}  // namespace edgeopt::ir
