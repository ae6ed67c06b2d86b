#include "ops/operator.h"

#include <limits>
#include <string>
#include <unordered_map>

namespace edgeopt::ops {
namespace {

std::string Key(std::string_view type, std::string_view domain) {
  return std::string(domain) + "/" + std::string(type);
}

}  // namespace

const Operator* Find(std::string_view type, std::string_view domain) {
  static const auto* index = [] {
    auto* built = new std::unordered_map<std::string, const Operator*>;
    for (const Family& family : Table())
      for (const Operator& one : family.operators) built->emplace(Key(one.type, one.domain), &one);
    return built;
  }();
  const auto found = index->find(Key(type, domain));
  return found == index->end() ? nullptr : found->second;
}

bool KeepsValues(const ir::Node& node) {
  const Operator* found = Find(node);
  // The Scatter operators can also add or multiply.
  return found && found->keeps_values && node.StringOr("reduction", "none") == "none";
}

int64_t WeightAxis(const ir::Node& node, int64_t weight_rank) {
  const Operator* found = Find(node);
  return found && found->weight_axis ? found->weight_axis(node, weight_rank) : -1;
}

int64_t SaturatingMultiply(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

int64_t Elements(const ir::Dims& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim == 0) return 0;
    count = SaturatingMultiply(count, dim);
  }
  return count;
}

}  // namespace edgeopt::ops
