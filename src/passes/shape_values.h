// Shape computations, element by element: which elements of a small integer tensor are known
// numbers, and which are the size of a named dimension - even where the batch is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "passes/rewriter.h"

namespace edgeopt::passes {

// One element: a number, the size of a dimension (not negative, named as ir::Dim::symbol), or
// neither.
struct Element {
  std::optional<int64_t> number;
  std::string symbol;

  static Element Of(int64_t value) { return {value, {}}; }
  bool unknown() const { return !number && symbol.empty(); }
  // The same for certain.
  bool Equals(const Element& other) const {
    return number ? number == other.number : !symbol.empty() && symbol == other.symbol;
  }
};
using Elements = std::vector<Element>;  // of a scalar: one

Element ElementOf(const ir::Dim& dim);

// Evaluates values of one graph on demand and remembers them. The graph must not change meanwhile,
// except for values that are added.
class ShapeValues {
 public:
  explicit ShapeValues(const Rewriter& rewriter) : rewriter_(rewriter) {}

  // nullopt when the value is not an integer or bool tensor of rank 0 or 1 whose length is known
  // and small, or is computed by an operator that this class doesn't know.
  const std::optional<Elements>& Of(ir::ValueId id);
  // Sizes of a tensor's dimensions, nullopt when its rank is not known. A dimension without a name
  // is named after the value, so that equal elements still compare equal.
  std::optional<Elements> DimsOf(ir::ValueId id) const;

 private:
  std::optional<Elements> Evaluate(ir::ValueId id);
  std::optional<Elements> EvaluateNode(const ir::Node& node, ir::ValueId output);
  std::optional<Elements> Shape(const ir::Node& node);
  std::optional<Elements> Size(const ir::Node& node);
  std::optional<Elements> Gather(const ir::Node& node);
  std::optional<Elements> Slice(const ir::Node& node);
  std::optional<Elements> Cast(const ir::Node& node);
  std::optional<Elements> Concat(const ir::Node& node);
  std::optional<Elements> Arithmetic(const ir::Node& node);
  std::optional<Elements> Where(const ir::Node& node);
  std::optional<Elements> Product(const ir::Node& node);
  std::optional<Elements> Filled(const ir::Node& node);
  int64_t RankOf(ir::ValueId id) const { return rewriter_.TypeOf(id).rank(); }

  const Rewriter& rewriter_;
  std::unordered_map<int32_t, std::optional<Elements>> known_;
  int depth_ = 0;
};

}  // namespace edgeopt::passes
