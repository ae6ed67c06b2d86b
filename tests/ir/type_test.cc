#include "ir/type.h"

#include <gtest/gtest.h>

namespace edgeopt::ir {
namespace {

TEST(Type, Text) {
  EXPECT_EQ(ToString(Type{}), "?");
  const Type tensor = Type::OfTensor(DataType::kFloat32, Shape{Dim::Symbol("N"), Dim::Of(3), {}});
  EXPECT_EQ(ToString(tensor), "float32[N, 3, ?]");
  EXPECT_EQ(ToString(Type::OfTensor(DataType::kInt64)), "int64");
  Type sequence;
  sequence.kind = Type::Kind::kSequence;
  sequence.inner = {tensor};
  EXPECT_EQ(ToString(sequence), "sequence(float32[N, 3, ?])");
  Type map;
  map.kind = Type::Kind::kMap;
  map.element = DataType::kString;
  map.inner = {Type::OfTensor(DataType::kFloat32, Shape{})};
  EXPECT_EQ(ToString(map), "map(string, float32[])");
}

TEST(Type, StaticDims) {
  EXPECT_EQ(Type::OfTensor(DataType::kFloat32, ToShape({2, 3})).static_dims(), (Dims{2, 3}));
  EXPECT_EQ(Type::OfTensor(DataType::kFloat32, Shape{}).static_dims(), Dims{});
  EXPECT_EQ(Type::OfTensor(DataType::kFloat32).static_dims(), std::nullopt);
  EXPECT_EQ(Type::OfTensor(DataType::kFloat32, Shape{Dim::Symbol("N")}).static_dims(),
            std::nullopt);
  EXPECT_EQ(Type::OfTensor(DataType::kFloat32, Shape{Dim::Symbol("N")}).rank(), 1);
  EXPECT_EQ(Type{}.rank(), -1);
}

}  // namespace
}  // namespace edgeopt::ir
