// Random graphs of everything that has a rule and of what has none: whatever is chosen, the results
// stay the same, and no other choice among the candidates would transpose less.
#include <algorithm>
#include <limits>
#include <random>
#include <set>

#include "passes/layout/apply.h"
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

// What is transposed if exactly these of the nodes that have a choice are taken.
int64_t BytesOf(ir::Model model, const Candidates& candidates, const std::set<ir::NodeId>& taken) {
  const Context context;
  const auto outcome = OverGraphs(model, context, [&](Rewriter& rewriter) -> Status {
    Choice choice;
    for (const auto& [id, layouts] : candidates.nodes)
      if (candidates.spatial.count(id) != 0 || taken.count(id) != 0)
        choice.nodes.emplace(id, layouts);
    Apply(rewriter, candidates, choice);
    return OkStatus();
  });
  EXPECT_TRUE(outcome.ok());
  int64_t bytes = 0;
  for (const ir::NodeId id : model.graph.nodes()) {
    const ir::Node& node = model.graph.node(id);
    if (!node.Is("Transpose")) continue;
    const auto dims = model.graph.value(node.output(0)).type.static_dims();
    bytes += 4 * ir::ElementCount(dims.value()).value();
  }
  return bytes;
}

TEST(RandomGraphs, NoOtherChoiceTransposesFewerBytes) {
  std::mt19937 random(5);
  int compared = 0;
  while (compared < 12) {
    const std::string text = RandomGraph(random);
    // A Softmax along another axis than the last is charged for what its kernel does.
    if (text.find("Softmax<axis = 1>") != std::string::npos) continue;
    ir::Model model = Inferred(ParseModel(text));
    model.graph.RemoveUnused();
    ir::Model graph = model;
    Candidates candidates;
    const Context context;
    ASSERT_TRUE(OverGraphs(graph, context, [&](Rewriter& rewriter) -> Status {
                  EDGEOPT_TRY(candidates, FindCandidates(rewriter));
                  return OkStatus();
                }).ok());
    std::vector<ir::NodeId> open;
    for (const auto& [id, layouts] : candidates.nodes)
      if (candidates.spatial.count(id) == 0) open.push_back(id);
    if (open.size() < 3 || open.size() > 7) continue;
    ++compared;
    int64_t least = std::numeric_limits<int64_t>::max();
    for (uint32_t subset = 0; subset < 1u << open.size(); ++subset) {
      std::set<ir::NodeId> taken;
      for (size_t i = 0; i < open.size(); ++i)
        if ((subset >> i & 1) != 0) taken.insert(open[i]);
      least = std::min(least, BytesOf(model, candidates, taken));
    }
    ir::Model solved = model;
    const auto summary = ToChannelsLast(solved, Boundary::kKeep, Boundary::kKeep);
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->transposed_bytes, least) << text;
  }
}

}  // namespace
}  // namespace edgeopt::passes::layout
