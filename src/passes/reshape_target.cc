#include "passes/reshape_target.h"

namespace edgeopt::passes {
namespace {

// The size left for the dimension at `open`, if what is left of the data's sizes tells it.
std::optional<int64_t> Balance(const Elements& rest, const std::vector<int64_t>& shape,
                               size_t open) {
  int64_t total = 1, given = 1;
  for (const Element& element : rest)
    if (!element.number || __builtin_mul_overflow(total, *element.number, &total))
      return std::nullopt;
  for (size_t i = 0; i < shape.size(); ++i)
    if (i != open && shape[i] > 0 && __builtin_mul_overflow(given, shape[i], &given))
      return std::nullopt;
  if (total <= 0 || total % given != 0) return std::nullopt;
  return total / given;
}

}  // namespace

std::optional<std::vector<int64_t>> ReshapeTarget(const Elements& wanted, const Elements& data) {
  std::vector<int64_t> shape;
  Elements rest = data;  // what the sizes that are not copied must multiply to
  std::optional<size_t> open;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Element& element = wanted[i];
    if (element.number && *element.number > 0) {
      shape.push_back(*element.number);
    } else if (i < data.size() && (element.number == 0 || element.Equals(data[i]))) {
      shape.push_back(0);
      rest[i] = Element::Of(1);
    } else if (!open && element.number != 0) {
      open = i;
      shape.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  if (open) shape[*open] = Balance(rest, shape, *open).value_or(-1);
  return shape;
}

}  // namespace edgeopt::passes
