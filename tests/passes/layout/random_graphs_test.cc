// Random graphs of everything that has a rule and of what has none: whatever is chosen, the results
// stay the same.
#include <random>

#include "passes/layout/lower_back.h"

namespace edgeopt::passes::layout {
namespace {

// Each row takes $ (and %, another value) of [2, 4, 3, 4] and gives @ of the same shape.
constexpr const char* kRows[] = {
    "@ = Conv<pads = [1, 1, 1, 1]>($, w3)",
    "@ = Conv(%, w1)",
    "@ = MaxPool<kernel_shape = [3, 1], pads = [1, 0, 1, 0]>($)",
    "@ = Relu($)",
    "@ = Add($, %)",
    "@ = Mul($, channel)",
    "@ = Sub(row, $)",
    "@ = Softmax<axis = 1>($)",
    "@ = Softmax<axis = -1>($)",
    "@1 = ReduceMean(%, two)\n @ = Add($, @1)",
    "@1 = ReduceMax<keepdims = 0>($, two)\n @2 = Unsqueeze(@1, two)\n @ = Sub($, @2)",
    "@1, @2 = Split<axis = 1, num_outputs = 2>($)\n @ = Concat<axis = 1>(@2, @1)",
    "@1 = Concat<axis = 2>($, %)\n @ = Slice(@1, one, four, two)",
    "@1 = Transpose<perm = [0, 2, 3, 1]>($)\n @2 = Softmax(@1)\n"
    " @ = Transpose<perm = [0, 3, 1, 2]>(@2)",
    "@1 = Transpose<perm = [0, 3, 2, 1]>(%)\n @ = Add($, @1)",
    "@1 = Reshape($, shuffled)\n @2 = Transpose<perm = [0, 2, 1, 3, 4]>(@1)\n"
    " @ = Reshape(@2, whole)",
    "@1 = Reshape($, merged)\n @2 = Sigmoid(@1)\n @ = Reshape(@2, whole)",
    "@1 = Reshape($, mixed)\n @2 = Tanh(@1)\n @ = Reshape(@2, whole)",
    "@1 = Pad($, pads)\n @ = Slice(@1, one, four, two)",
    "@1 = Gather<axis = 2>(%, index)\n @2 = Unsqueeze(@1, two)\n @ = Mul($, @2)",
    "@1 = MatMul($, square)\n @ = Clip(@1, low)",
};

std::string Replaced(std::string row, char mark, const std::string& by) {
  for (size_t at = row.find(mark); at != std::string::npos; at = row.find(mark, at + by.size()))
    row.replace(at, 1, by);
  return row;
}

std::string RandomGraph(std::mt19937& random) {
  std::string body;
  const int rows = 3 + static_cast<int>(random() % 12);
  std::vector<std::string> values = {"x"};
  for (int i = 0; i < rows; ++i) {
    const auto pick = [&] {  // mostly one of the last
      const size_t back = random() % std::min<size_t>(values.size(), random() % 3 == 0 ? 9 : 2);
      return values[values.size() - 1 - back];
    };
    const std::string name = "v" + std::to_string(i) + "_";
    std::string row = kRows[random() % std::size(kRows)];
    row = Replaced(Replaced(Replaced(row, '$', pick()), '%', pick()), '@', name);
    body += " " + row + "\n";
    values.push_back(name);
  }
  const std::string last = values.back(), other = values[values.size() / 2];
  return "g (float[2,4,3,4] x, float[4,4,3,3] w3, float[4,4,1,1] w1, float[4,4] square)"
         " => (float[2,4,3,4] y, float[2,4,3,4] z) <"
         "float[4,1,1] channel = {1, -2, 3, 0.5}, float[4] row = {1, 2, 3, 4}, float low = {-2},"
         "int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4}, int64 index = {-1},"
         "int64[5] shuffled = {2, 2, 2, 3, 4}, int64[4] whole = {2, 4, 3, 4},"
         "int64[3] merged = {0, 0, -1}, int64[3] mixed = {2, 8, 6},"
         "int64[8] pads = {0, 0, 1, 0, 0, 0, 1, 0}> {\n" +
         body + " y = Neg(" + last + ")\n z = Abs(" + other + ")\n}";
}

TEST(RandomGraphs, GiveTheSameResults) {
  std::mt19937 random(11);
  for (int round = 0; round < 120; ++round) {
    const std::string text = RandomGraph(random);
    const ir::Model model = ParseModel(text);
    const auto boundary = [&] {
      return random() % 2 == 0 ? Boundary::kKeep : Boundary::kChannelsLast;
    };
    // Products of random numbers grow: the rounding of sums of 36 terms along a dozen operators.
    Convert(model, boundary(), boundary(), 2e-2);
    if (::testing::Test::HasFailure()) FAIL() << text;
  }
}

}  // namespace
}  // namespace edgeopt::passes::layout
