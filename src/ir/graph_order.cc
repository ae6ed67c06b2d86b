// The order of a graph's nodes, and the removal of those that nothing needs.
#include <algorithm>
#include <functional>
#include <queue>

#include "ir/graph.h"

namespace edgeopt::ir {

Result<std::vector<NodeId>> Graph::TopologicalOrder() const {
  std::unordered_map<int32_t, size_t> position;
  for (size_t i = 0; i < order_.size(); ++i) position[order_[i].index] = i;
  std::vector<size_t> waiting_for(order_.size(), 0);
  std::vector<std::vector<size_t>> users(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) {
    const auto depend = [&](ValueId used) {
      const NodeId made_by = producer(used);
      if (!made_by.valid()) return;
      users[position.at(made_by.index)].push_back(i);
      ++waiting_for[i];
    };
    for (const ValueId used : node(order_[i]).inputs) depend(used);
    for (const ValueId used : node(order_[i]).captures) depend(used);
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < order_.size(); ++i)
    if (waiting_for[i] == 0) ready.push(i);
  std::vector<NodeId> sorted;
  sorted.reserve(order_.size());
  while (!ready.empty()) {
    const size_t next = ready.top();
    ready.pop();
    sorted.push_back(order_[next]);
    for (const size_t user : users[next])
      if (--waiting_for[user] == 0) ready.push(user);
  }
  if (sorted.size() != order_.size()) {
    for (size_t i = 0; i < order_.size(); ++i)
      if (waiting_for[i] > 0)
        return BadInput(Describe(order_[i]) + " is on a cycle: it needs its own result",
                        "export the model again; a graph must be acyclic");
  }
  return sorted;
}

Status Graph::SortTopologically() {
  EDGEOPT_TRY(order_, TopologicalOrder());
  return OkStatus();
}

int64_t Graph::RemoveUnused() {
  int64_t removed = 0;
  std::vector<NodeId> pending = nodes();
  while (!pending.empty()) {
    const NodeId id = pending.back();
    pending.pop_back();
    if (!alive(id)) continue;
    const std::vector<ValueId> outputs = node(id).outputs;
    const bool used = std::any_of(outputs.begin(), outputs.end(),
                                  [&](ValueId v) { return v.valid() && !IsUnused(v); });
    if (used) continue;
    std::vector<ValueId> operands = node(id).inputs;
    operands.insert(operands.end(), node(id).captures.begin(), node(id).captures.end());
    RemoveNode(id);
    ++removed;
    for (const ValueId output : outputs)
      if (output.valid()) RemoveValue(output);
    for (const ValueId operand : operands)
      if (producer(operand).valid()) pending.push_back(producer(operand));
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    if (alive(id) && !value(id).producer.valid() && IsUnused(id) && !IsInput(id)) RemoveValue(id);
  }
  return removed;
}

}  // namespace edgeopt::ir
