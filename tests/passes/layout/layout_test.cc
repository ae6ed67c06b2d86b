// Layouts, and permuting constants checked against ONNX Runtime.
#include "passes/layout/layout.h"

#include <numeric>

#include "ir/permute.h"
#include "passes/layout/lower_back.h"

namespace edgeopt::passes::layout {
namespace {

TEST(Layout, PermutesWhatOnnxRuntimeTransposes) {
  std::vector<float> numbers(2 * 3 * 4 * 5);
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  const ir::Tensor tensor = ir::Tensor::Of({2, 3, 4, 5}, numbers);
  for (const Permutation& perm : {Permutation{0, 2, 3, 1}, {3, 0, 2, 1}, {0, 1, 2, 3}}) {
    ir::Tensor expected = Transposed(tensor, perm);
    EXPECT_EQ(ir::Permuted(tensor, perm), expected);
  }
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
