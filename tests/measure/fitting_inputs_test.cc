#include "measure/fitting_inputs.h"

#include <gtest/gtest.h>

namespace edgeopt::measure {
namespace {

using ir::DataType;
using runtimes::TensorSpec;

// Accepts what `fits` accepts and counts the tries.
struct Model {
  std::function<bool(const std::vector<ir::Tensor>&)> fits;
  int tries = 0;
  TryInputs Run() {
    return [this](const std::vector<ir::Tensor>& inputs) -> Status {
      ++tries;
      return fits(inputs) ? OkStatus() : Status(BadInput("try " + std::to_string(tries)));
    };
  }
};

TEST(FittingInputs, AsksForTheSizesOfAnImageFirst) {
  const std::vector<TensorSpec> specs = {
      {"images", DataType::kFloat32, {-1, 3, -1, -1}, {"batch", "", "height", "width"}}};
  Model model{[](const auto& in) { return in[0].dims()[2] % 32 == 0; }};
  const auto inputs = FittingInputs(specs, model.Run());
  ASSERT_TRUE(inputs.ok()) << inputs.error().ToString();
  EXPECT_EQ((*inputs)[0].dims(), (ir::Dims{1, 3, 224, 224}));
  EXPECT_EQ(model.tries, 1);
  EXPECT_EQ(DescribeShapes(*inputs), "images [1, 3, 224, 224]");
}

TEST(FittingInputs, FindsASizeThatTheModelTakes) {
  // As a speech model that pads reflectively: its window has 256 samples at least.
  const std::vector<TensorSpec> specs = {
      {"input", DataType::kFloat32, {-1, -1}, {"batch", "sequence"}},
      {"rate", DataType::kInt64, {}, {}},
      {"state", DataType::kFloat32, {2, -1, 64}, {"", "batch", ""}}};
  Model model{[](const auto& in) { return in[0].dims()[1] >= 256; }};
  const auto inputs = FittingInputs(specs, model.Run());
  ASSERT_TRUE(inputs.ok()) << inputs.error().ToString();
  EXPECT_EQ((*inputs)[0].dims(), (ir::Dims{1, 256}));
  EXPECT_EQ((*inputs)[1].dims(), ir::Dims{});
  // The same name is the same size, wherever the batch is.
  EXPECT_EQ((*inputs)[2].dims(), (ir::Dims{2, 1, 64}));
}

TEST(FittingInputs, GivesEveryNamelessDimensionTheSize) {
  const std::vector<TensorSpec> specs = {{"a", DataType::kFloat32, {-1, -1, 8}, {"", "", ""}},
                                         {"b", DataType::kFloat32, {3, -1}, {"", ""}}};
  Model model{[](const auto&) { return true; }};
  const auto inputs = FittingInputs(specs, model.Run());
  ASSERT_TRUE(inputs.ok());
  EXPECT_EQ((*inputs)[0].dims(), (ir::Dims{1, 16, 8}));
  EXPECT_EQ((*inputs)[1].dims(), (ir::Dims{3, 16}));
}

TEST(FittingInputs, TriesFixedShapesOnce) {
  const std::vector<TensorSpec> specs = {{"x", DataType::kFloat32, {-1, 8}, {"n", ""}}};
  Model model{[](const auto&) { return false; }};
  const auto inputs = FittingInputs(specs, model.Run());
  ASSERT_FALSE(inputs.ok());
  EXPECT_EQ(model.tries, 1);
}

TEST(FittingInputs, TellsTheFirstReasonWhenNothingFits) {
  const std::vector<TensorSpec> specs = {{"x", DataType::kFloat32, {-1, -1}, {"n", "t"}}};
  Model model{[](const auto&) { return false; }};
  const auto inputs = FittingInputs(specs, model.Run());
  ASSERT_FALSE(inputs.ok());
  EXPECT_GT(model.tries, 3);
  EXPECT_EQ(inputs.error().message, "try 1");
}

TEST(FittingInputs, DoesNotTryWhatWouldNotFitIntoMemory) {
  const std::vector<TensorSpec> specs = {
      {"volume", DataType::kFloat32, {-1, -1, -1, -1, -1}, {"n", "a", "b", "c", "d"}}};
  int64_t largest = 0;
  Model model{[&](const auto& in) {
    largest = std::max(largest, in[0].size());
    return false;
  }};
  ASSERT_FALSE(FittingInputs(specs, model.Run()).ok());
  EXPECT_LE(largest, int64_t{1} << 22);
  EXPECT_GE(largest, 16 * 16 * 16 * 16);
}

}  // namespace
}  // namespace edgeopt::measure
