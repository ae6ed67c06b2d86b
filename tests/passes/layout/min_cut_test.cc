// The minimum cut against all labellings of small random graphs.
#include "passes/layout/min_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace edgeopt::passes::layout {
namespace {

struct Edge {
  int from, to;
  int64_t capacity;
};

// `labels` bit n: node n is on the source's side.
int64_t CutOf(const std::vector<Edge>& edges, uint32_t labels) {
  int64_t total = 0;
  for (const Edge& edge : edges)
    if ((labels >> edge.from & 1) != 0 && (labels >> edge.to & 1) == 0) total += edge.capacity;
  return total;
}

TEST(MinCut, AgainstAllLabellings) {
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    const int nodes = 3 + static_cast<int>(random() % 6);
    std::vector<Edge> edges;
    MinCut cut;
    while (cut.AddNode() + 1 < nodes) {
    }
    const int count = static_cast<int>(random() % 25);
    for (int i = 0; i < count; ++i) {
      const Edge edge{static_cast<int>(random() % nodes), static_cast<int>(random() % nodes),
                      static_cast<int64_t>(random() % 8)};
      edges.push_back(edge);
      cut.AddEdge(edge.from, edge.to, edge.capacity);
    }
    int64_t least = MinCut::kInfinite;
    uint32_t largest = 0;  // the union of minimum source sides is one itself
    for (uint32_t labels = 0; labels < 1u << nodes; ++labels) {
      if ((labels & 3) != 1) continue;  // the source has label 1, the sink 0
      const int64_t total = CutOf(edges, labels);
      if (total < least) largest = 0;
      least = std::min(least, total);
      if (total == least) largest |= labels;
    }
    EXPECT_EQ(cut.Solve(), least);
    for (int node = 0; node < nodes; ++node)
      EXPECT_EQ(cut.OnSourceSide(node), (largest >> node & 1) != 0);
  }
}

TEST(MinCut, InfiniteEdgesAreNotCut) {
  MinCut cut;
  const int a = cut.AddNode(), b = cut.AddNode();
  cut.AddEdge(MinCut::kSource, a, 5);
  cut.AddEdge(a, b, MinCut::kInfinite);
  cut.AddEdge(b, MinCut::kSink, 7);
  EXPECT_EQ(cut.Solve(), 5);
  EXPECT_FALSE(cut.OnSourceSide(a));
  EXPECT_FALSE(cut.OnSourceSide(b));
}

// A chain as long as the deepest models, which would be too deep for recursion.
TEST(MinCut, LongChain) {
  MinCut cut;
  int last = MinCut::kSource;
  for (int i = 0; i < 100'000; ++i) {
    const int node = cut.AddNode();
    cut.AddEdge(last, node, i == 70'000 ? 2 : 3);
    last = node;
  }
  cut.AddEdge(last, MinCut::kSink, 3);
  EXPECT_EQ(cut.Solve(), 2);
}

}  // namespace
}  // namespace edgeopt::passes::layout
