#include "passes/layout/reshape_groups.h"

#include <algorithm>
#include <string>
#include <utility>

namespace edgeopt::passes::layout {
namespace {

struct SizedAxis {
  int64_t axis;
  ir::Dim dim;
};

// A product of sizes: a number times named sizes.
class Factors {
 public:
  // False when the size has neither number nor name, or the product overflows.
  bool Multiply(const ir::Dim& dim) {
    if (dim.value) return !__builtin_mul_overflow(number_, *dim.value, &number_);
    if (dim.symbol.empty()) return false;
    symbols_.insert(std::upper_bound(symbols_.begin(), symbols_.end(), dim.symbol), dim.symbol);
    return true;
  }
  bool Equals(const Factors& other) const {
    return number_ == other.number_ && symbols_ == other.symbols_;
  }
  // It lacks what `other` has, as far as can be told.
  bool Lacks(const Factors& other) const {
    const bool lacks = !std::includes(symbols_.begin(), symbols_.end(), other.symbols_.begin(),
                                      other.symbols_.end());
    const bool exceeds = !std::includes(other.symbols_.begin(), other.symbols_.end(),
                                        symbols_.begin(), symbols_.end());
    return lacks == exceeds ? number_ < other.number_ : lacks;
  }

 private:
  int64_t number_ = 1;
  std::vector<std::string> symbols_;
};

std::vector<SizedAxis> LargeAxes(const ir::Shape& shape) {
  std::vector<SizedAxis> axes;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i].value != 1) axes.push_back({static_cast<int64_t>(i), shape[i]});
  return axes;
}

// Takes the smallest group of equal products from the front of both lists; false: there is none.
bool TakeGroup(std::vector<SizedAxis>& from, std::vector<SizedAxis>& to, AxisGroup& group) {
  if (from.empty() || to.empty()) return false;
  size_t i = 1, k = 1;
  Factors a, b;
  if (!a.Multiply(from[0].dim) || !b.Multiply(to[0].dim)) return false;
  while (!a.Equals(b)) {
    if (a.Lacks(b)) {
      if (i == from.size() || !a.Multiply(from[i++].dim)) return false;
    } else {
      if (k == to.size() || !b.Multiply(to[k++].dim)) return false;
    }
  }
  const auto take = [](std::vector<SizedAxis>& list, size_t count) {
    std::vector<int64_t> axes;
    for (size_t n = 0; n < count; ++n) axes.push_back(list[n].axis);
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
    return axes;
  };
  group = {take(from, i), take(to, k)};
  return true;
}

}  // namespace

std::optional<std::vector<AxisGroup>> MatchAxes(const ir::Shape& from, const ir::Shape& to) {
  std::vector<SizedAxis> a = LargeAxes(from), b = LargeAxes(to);
  for (const auto& list : {a, b})
    for (const SizedAxis& axis : list)
      if (axis.dim.value == 0) return std::nullopt;
  std::vector<AxisGroup> groups;
  AxisGroup group;
  while (TakeGroup(a, b, group)) groups.push_back(group);
  std::reverse(a.begin(), a.end());
  std::reverse(b.begin(), b.end());
  while (TakeGroup(a, b, group)) {
    std::reverse(group.from.begin(), group.from.end());
    std::reverse(group.to.begin(), group.to.end());
    groups.push_back(group);
  }
  if (a.empty() && b.empty()) return groups;
  if (a.empty() || b.empty()) return std::nullopt;
  AxisGroup middle;
  for (auto axis = a.rbegin(); axis != a.rend(); ++axis) middle.from.push_back(axis->axis);
  for (auto axis = b.rbegin(); axis != b.rend(); ++axis) middle.to.push_back(axis->axis);
  groups.push_back(std::move(middle));
  return groups;
}

std::optional<Layout> Carried(const std::vector<AxisGroup>& groups, const Layout& layout,
                              int64_t rank, int64_t rank_behind) {
  Permutation memory = OrderOf(layout, rank);
  std::erase_if(memory, [&](int64_t axis) {  // axes of size 1 are in no group
    return std::none_of(groups.begin(), groups.end(), [&](const AxisGroup& group) {
      return std::find(group.from.begin(), group.from.end(), axis) != group.from.end();
    });
  });
  std::vector<int64_t> behind;
  for (size_t at = 0; at < memory.size();) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const AxisGroup& candidate) {
      return candidate.from.front() == memory[at];
    });
    if (group == groups.end() || group->from.size() > memory.size() - at ||
        !std::equal(group->from.begin(), group->from.end(),
                    memory.begin() + static_cast<std::ptrdiff_t>(at)))
      return std::nullopt;
    behind.insert(behind.end(), group->to.begin(), group->to.end());
    at += group->from.size();
  }
  return WithOnes(behind, rank_behind);
}

std::optional<Layout> CarriedBack(const std::vector<AxisGroup>& groups, const Layout& layout,
                                  int64_t rank, int64_t rank_before) {
  std::vector<AxisGroup> reversed = groups;
  for (AxisGroup& group : reversed) std::swap(group.from, group.to);
  return Carried(reversed, layout, rank, rank_before);
}

Layout WithOnes(const std::vector<int64_t>& axes, int64_t rank) {
  const auto is_one = [&](int64_t axis) {
    return std::find(axes.begin(), axes.end(), axis) == axes.end();
  };
  for (const Layout& usual : {ChannelsLast(rank), Layout{}}) {
    Permutation others = OrderOf(usual, rank);
    std::erase_if(others, is_one);
    if (others == axes) return usual;
  }
  // Behind the axis that is before it in the logical order, the first one in front.
  Permutation order = axes;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (!is_one(axis)) continue;
    const auto before = std::find(order.begin(), order.end(), axis - 1);
    order.insert(before == order.end() ? order.begin() : before + 1, axis);
  }
  return LayoutOf(std::move(order));
}

}  // namespace edgeopt::passes::layout
