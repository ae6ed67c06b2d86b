// The minimum cut between a source and a sink (Dinic's algorithm): each node gets one of two labels
// so that the capacities of the edges from the source's side to the sink's side sum up to least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgeopt::passes::layout {

class MinCut {
 public:
  static constexpr int kSource = 0, kSink = 1;
  // More than any sum of real capacities: an edge that is never cut.
  static constexpr int64_t kInfinite = int64_t{1} << 61;

  MinCut() : first_(2) {}
  int AddNode();
  // Costs `capacity` if `from` ends on the source's side and `to` on the sink's.
  void AddEdge(int from, int to, int64_t capacity);
  // The least total, at most kInfinite. Call it once.
  int64_t Solve();
  // After Solve. Of several minimum cuts this is the one with the largest source side; it is
  // unique, so that the answer depends on nothing but the graph.
  bool OnSourceSide(int node) const { return !reaches_sink_[static_cast<size_t>(node)]; }

 private:
  struct Edge {
    int to;
    int64_t left;  // capacity not used yet; edge e ^ 1 is the reverse one
  };
  bool FindLevels();
  int64_t Push(int node, int64_t limit);
  void MarkSinkSide();

  std::vector<std::vector<size_t>> first_;  // per node its edges
  std::vector<Edge> edges_;
  std::vector<int> level_;
  std::vector<size_t> next_;
  std::vector<bool> reaches_sink_;
};

}  // namespace edgeopt::passes::layout
