// Source: E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power
// estimation", 1970. The graphs here have a few nodes per value of a model: milliseconds.
#include "passes/layout/min_cut.h"

#include <algorithm>
#include <deque>

namespace edgeopt::passes::layout {

int MinCut::AddNode() {
  first_.emplace_back();
  return static_cast<int>(first_.size()) - 1;
}

void MinCut::AddEdge(int from, int to, int64_t capacity) {
  if (from == to || capacity <= 0) return;
  first_[static_cast<size_t>(from)].push_back(edges_.size());
  edges_.push_back({to, std::min(capacity, kInfinite)});
  first_[static_cast<size_t>(to)].push_back(edges_.size());
  edges_.push_back({from, 0});
}

bool MinCut::FindLevels() {
  level_.assign(first_.size(), -1);
  level_[kSource] = 0;
  std::deque<int> queue = {kSource};
  while (!queue.empty()) {
    const auto node = static_cast<size_t>(queue.front());
    queue.pop_front();
    for (const size_t e : first_[node]) {
      const auto to = static_cast<size_t>(edges_[e].to);
      if (edges_[e].left == 0 || level_[to] >= 0) continue;
      level_[to] = level_[node] + 1;
      queue.push_back(edges_[e].to);
    }
  }
  return level_[kSink] >= 0;
}

// Recursion is as deep as a path has nodes; an explicit stack, as models have chains of thousands.
int64_t MinCut::Push(int start, int64_t limit) {
  std::vector<size_t> path;
  int node = start;
  for (;;) {
    if (node == kSink) {
      int64_t pushed = limit;
      for (const size_t e : path) pushed = std::min(pushed, edges_[e].left);
      for (const size_t e : path) {
        edges_[e].left -= pushed;
        edges_[e ^ 1].left += pushed;
      }
      return pushed;
    }
    const auto at = static_cast<size_t>(node);
    const auto usable = [&](size_t e) {
      return edges_[e].left > 0 && level_[static_cast<size_t>(edges_[e].to)] == level_[at] + 1;
    };
    while (next_[at] < first_[at].size() && !usable(first_[at][next_[at]])) ++next_[at];
    if (next_[at] < first_[at].size()) {
      path.push_back(first_[at][next_[at]]);
      node = edges_[path.back()].to;
    } else if (path.empty()) {
      return 0;
    } else {  // a dead end: one back, and not this edge again
      node = edges_[path.back() ^ 1].to;
      path.pop_back();
      ++next_[static_cast<size_t>(node)];
    }
  }
}

int64_t MinCut::Solve() {
  int64_t total = 0;
  while (total < kInfinite && FindLevels()) {
    next_.assign(first_.size(), 0);
    while (const int64_t pushed = Push(kSource, kInfinite)) total += pushed;
  }
  MarkSinkSide();
  return std::min(total, kInfinite);
}

void MinCut::MarkSinkSide() {
  reaches_sink_.assign(first_.size(), false);
  reaches_sink_[kSink] = true;
  std::deque<int> queue = {kSink};
  while (!queue.empty()) {
    const auto node = static_cast<size_t>(queue.front());
    queue.pop_front();
    for (const size_t e : first_[node]) {
      const auto from = static_cast<size_t>(edges_[e].to);
      if (edges_[e ^ 1].left == 0 || reaches_sink_[from]) continue;
      reaches_sink_[from] = true;
      queue.push_back(edges_[e].to);
    }
  }
}

}  // namespace edgeopt::passes::layout
