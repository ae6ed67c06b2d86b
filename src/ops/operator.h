// Facts about operators: what one costs, what it does to values, what quantization must know. One
// row per operator, one file per family in ops/families/; the build collects the files into
// Table().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace edgeopt::ops {

// Arithmetic of one run of a node. Additions saturate, so that absurd shapes can't overflow.
struct Work {
  int64_t macs = 0;   // multiply-accumulates
  int64_t other = 0;  // other elementary operations, roughly: one per element touched
};

// The sizes that a cost function sees; nullopt: omitted, or of unknown rank. Unknown sizes have
// been replaced by what the analysis assumes.
struct Operands {
  const ir::Node& node;
  std::vector<std::optional<ir::Dims>> inputs, outputs;

  const ir::Dims* input(size_t i) const {
    return i < inputs.size() && inputs[i] ? &*inputs[i] : nullptr;
  }
  const ir::Dims* output(size_t i = 0) const {
    return i < outputs.size() && outputs[i] ? &*outputs[i] : nullptr;
  }
};

// nullopt: the shapes that the formula needs are not known.
using Cost = std::optional<Work> (*)(const Operands&);

struct Operator {
  std::string_view type;
  std::string_view domain = {};  // "" is ai.onnx
  Cost cost = nullptr;           // nullptr: no arithmetic
  // Each output element is an element of an input (or a constant such as padding): one scale serves
  // input and output, and the operator works on integers as they are.
  bool keeps_values = false;
  // The input that usually is a trained weight, and the axis of its output channels.
  int weight_input = -1;
  int64_t (*weight_axis)(const ir::Node& node, int64_t weight_rank) = nullptr;
  // Why 8-bit arithmetic hurts here; empty: it does not.
  std::string_view hard_to_quantize = {};
};

struct Family {
  std::string_view name;
  std::span<const Operator> operators;
};

// All families, sorted by file name.
std::span<const Family> Table();

// nullptr when the operator is not in the tables.
const Operator* Find(std::string_view type, std::string_view domain = {});
inline const Operator* Find(const ir::Node& node) { return Find(node.op_type, node.domain); }

// True for Reshape, Transpose, MaxPool and their like; false for unknown operators.
bool KeepsValues(const ir::Node& node);
// The axis of the weight's output channels, or -1 when the operator has no such weight.
int64_t WeightAxis(const ir::Node& node, int64_t weight_rank);

// --- building blocks of cost functions ---

// Product, and sum, without overflow: they stop at the largest int64_t.
int64_t SaturatingMultiply(int64_t a, int64_t b);
int64_t SaturatingAdd(int64_t a, int64_t b);
int64_t Elements(const ir::Dims& dims);

// `kEach` operations per element of the first output, or input.
template <int64_t kEach>
std::optional<Work> PerOutput(const Operands& operands) {
  const ir::Dims* dims = operands.output();
  if (dims == nullptr) return std::nullopt;
  return Work{.other = SaturatingMultiply(kEach, Elements(*dims))};
}
template <int64_t kEach>
std::optional<Work> PerInput(const Operands& operands) {
  const ir::Dims* dims = operands.input(0);
  if (dims == nullptr) return std::nullopt;
  return Work{.other = SaturatingMultiply(kEach, Elements(*dims))};
}

}  // namespace edgeopt::ops
