#include "ops/loop_rounds.h"

#include <algorithm>

namespace edgeopt::ops {
namespace {

// The one element of a constant integer or truth value.
std::optional<int64_t> NumberIn(const std::optional<ir::Tensor>& constant) {
  if (!constant || constant->size() != 1) return std::nullopt;
  const auto values = constant->ToInts();
  return values.ok() ? std::optional(values->front()) : std::nullopt;
}

// Inputs of the body: the round, the condition, what is carried. Its first output: the next
// condition.
bool KeepsCondition(const ir::Graph& body) {
  if (body.inputs().size() < 2 || body.outputs().empty()) return false;
  ir::ValueId condition = body.outputs().front();
  while (const ir::Node* copy = body.ProducerIf(condition, "Identity")) condition = copy->input(0);
  return condition == body.inputs()[1] || NumberIn(body.ConstantOf(condition)) == 1;
}

}  // namespace

const ir::Graph* BodyOf(const ir::Node& loop) {
  const ir::Attribute* attribute = loop.FindAttribute("body");
  const auto* body = attribute != nullptr ? attribute->get<ir::GraphPtr>() : nullptr;
  return body != nullptr ? body->get() : nullptr;
}

bool GoesOnAlways(const ir::Node& loop, const ConstantOf& constant_of) {
  const ir::ValueId first = loop.input(1);
  const ir::Graph* body = BodyOf(loop);
  if (first.valid() && NumberIn(constant_of(first)) != 1) return false;
  return body != nullptr && KeepsCondition(*body);
}

std::optional<int64_t> KnownRounds(const ir::Node& loop, const ConstantOf& constant_of) {
  const ir::ValueId first = loop.input(1), count = loop.input(0);
  if (first.valid() && NumberIn(constant_of(first)) == 0) return 0;
  if (!count.valid() || !GoesOnAlways(loop, constant_of)) return std::nullopt;
  const auto rounds = NumberIn(constant_of(count));
  return rounds ? std::optional(std::max<int64_t>(*rounds, 0)) : std::nullopt;
}

}  // namespace edgeopt::ops
