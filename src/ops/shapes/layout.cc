// The operators of shape computations that move elements.
#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/shapes/evaluators.h"

namespace edgeopt::ops {
namespace {

using ir::Dims;
using ir::Node;

Evaluated Reshaped(const Node& node, const Arrays& in) {
  if (in.size() < 2 || !in[0] || !in[1]) return std::nullopt;
  Dims dims = in[1]->data;
  int64_t known = 1;
  std::optional<size_t> inferred;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && node.IntOr("allowzero", 0) == 0) {
      if (i >= in[0]->dims.size()) return std::nullopt;
      dims[i] = in[0]->dims[i];
    }
    if (dims[i] == -1) {
      if (inferred) return std::nullopt;
      inferred = i;
    } else {
      known = SaturatingMultiply(known, dims[i]);
    }
  }
  const auto count = static_cast<int64_t>(in[0]->data.size());
  if (inferred) {
    if (known <= 0 || count % known != 0) return std::nullopt;
    dims[*inferred] = count / known;
  }
  if (Elements(dims) != count ||
      std::any_of(dims.begin(), dims.end(), [](int64_t d) { return d < 0; }))
    return std::nullopt;
  return Array{in[0]->type, std::move(dims), in[0]->data};
}

// The axes of Squeeze and Unsqueeze: an input since opset 13, an attribute before.
std::optional<std::vector<int64_t>> AxesOf(const Node& node, const Arrays& in) {
  if (in.size() > 1 && in[1]) return in[1]->data;
  if (node.input(1).valid()) return std::nullopt;
  return node.IntsOr("axes", {});
}

Evaluated Squeezed(const Node& node, const Arrays& in) {
  const auto axes = AxesOf(node, in);
  if (!in[0] || !axes) return std::nullopt;
  std::vector<bool> dropped(in[0]->dims.size(), false);
  for (size_t i = 0; axes->empty() && i < dropped.size(); ++i) dropped[i] = in[0]->dims[i] == 1;
  for (const int64_t axis : *axes) {
    const auto at = Axis(axis, dropped.size());
    if (!at || in[0]->dims[*at] != 1) return std::nullopt;
    dropped[*at] = true;
  }
  Array out{in[0]->type, {}, in[0]->data};
  for (size_t i = 0; i < dropped.size(); ++i)
    if (!dropped[i]) out.dims.push_back(in[0]->dims[i]);
  return out;
}

Evaluated Unsqueezed(const Node& node, const Arrays& in) {
  const auto axes = AxesOf(node, in);
  if (!in[0] || !axes) return std::nullopt;
  const size_t rank = in[0]->dims.size() + axes->size();
  Dims dims(rank, -1);
  for (const int64_t axis : *axes) {
    const auto at = Axis(axis, rank);
    if (!at || dims[*at] != -1) return std::nullopt;
    dims[*at] = 1;
  }
  size_t next = 0;
  for (int64_t& dim : dims)
    if (dim == -1) dim = in[0]->dims[next++];
  return Array{in[0]->type, std::move(dims), in[0]->data};
}

Evaluated Concatenated(const Node& node, const Arrays& in) {
  if (in.empty() || !in[0] || in[0]->dims.empty()) return std::nullopt;
  const auto axis = Axis(node.IntOr("axis", 0), in[0]->dims.size());
  if (!axis) return std::nullopt;
  Array out{in[0]->type, in[0]->dims, {}};
  out.dims[*axis] = 0;
  for (const Evaluated& part : in) {
    if (!part || part->dims.size() != out.dims.size()) return std::nullopt;
    for (size_t i = 0; i < out.dims.size(); ++i)
      if (i != *axis && part->dims[i] != out.dims[i]) return std::nullopt;
    out.dims[*axis] = SaturatingAdd(out.dims[*axis], part->dims[*axis]);
  }
  const int64_t outer =
      Elements(Dims(out.dims.begin(), out.dims.begin() + static_cast<long>(*axis)));
  for (int64_t block = 0; block < outer; ++block)
    for (const Evaluated& part : in) {
      const auto length = static_cast<int64_t>(part->data.size()) / outer;
      out.data.insert(out.data.end(), part->data.begin() + block * length,
                      part->data.begin() + (block + 1) * length);
    }
  return out.data.size() > kMostShapeElements ? std::nullopt : Evaluated(std::move(out));
}

Evaluated Gathered(const Node& node, const Arrays& in) {
  if (in.size() < 2 || !in[0] || !in[1] || in[0]->dims.empty()) return std::nullopt;
  const auto axis = Axis(node.IntOr("axis", 0), in[0]->dims.size());
  if (!axis) return std::nullopt;
  const int64_t size = in[0]->dims[*axis];
  std::vector<int64_t> picks = in[1]->data;
  for (int64_t& pick : picks) {
    if (pick < 0) pick += size;
    if (pick < 0 || pick >= size) return std::nullopt;
  }
  Dims dims(in[0]->dims.begin(), in[0]->dims.begin() + static_cast<long>(*axis));
  dims.insert(dims.end(), in[1]->dims.begin(), in[1]->dims.end());
  dims.insert(dims.end(), in[0]->dims.begin() + static_cast<long>(*axis) + 1, in[0]->dims.end());
  const std::vector<int64_t> strides = Strides(in[0]->dims), inner = Strides(in[1]->dims);
  const size_t index_rank = in[1]->dims.size();
  return Picked(*in[0], dims, [&](const std::vector<int64_t>& index) {
    int64_t which = 0, at = 0;
    for (size_t i = 0; i < index.size(); ++i) {
      if (i < *axis)
        at += index[i] * strides[i];
      else if (i < *axis + index_rank)
        which += index[i] * inner[i - *axis];
      else
        at += index[i] * strides[i - index_rank + 1];
    }
    return at + picks[static_cast<size_t>(which)] * strides[*axis];
  });
}

Evaluated Transposed(const Node& node, const Arrays& in) {
  if (!in[0]) return std::nullopt;
  const size_t rank = in[0]->dims.size();
  std::vector<int64_t> perm(rank);
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = node.IntsOr("perm", perm);
  if (perm.size() != rank) return std::nullopt;
  Dims dims;
  for (const int64_t axis : perm) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return std::nullopt;
    dims.push_back(in[0]->dims[static_cast<size_t>(axis)]);
  }
  if (Elements(dims) != static_cast<int64_t>(in[0]->data.size())) return std::nullopt;
  const std::vector<int64_t> strides = Strides(in[0]->dims);
  return Picked(*in[0], dims, [&](const std::vector<int64_t>& index) {
    int64_t at = 0;
    for (size_t i = 0; i < rank; ++i) at += index[i] * strides[static_cast<size_t>(perm[i])];
    return at;
  });
}

// ONNX operator Slice: starts, ends, axes, steps are inputs since opset 10, attributes before.
Evaluated Sliced(const Node& node, const Arrays& in) {
  const auto list = [&](size_t slot, const char* name) -> std::optional<std::vector<int64_t>> {
    if (node.input(slot).valid())
      return slot < in.size() && in[slot] ? std::optional(in[slot]->data) : std::nullopt;
    return node.IntsOr(name, {});
  };
  const auto starts = list(1, "starts"), ends = list(2, "ends"), axes = list(3, "axes"),
             steps = list(4, "steps");
  if (!in[0] || !starts || !ends || !axes || !steps || starts->size() != ends->size())
    return std::nullopt;
  Dims dims = in[0]->dims;
  std::vector<int64_t> first(dims.size(), 0), step(dims.size(), 1);
  for (size_t i = 0; i < starts->size(); ++i) {
    const auto axis = Axis(i < axes->size() ? (*axes)[i] : static_cast<int64_t>(i), dims.size());
    const int64_t by = i < steps->size() ? (*steps)[i] : 1;
    if (!axis || by == 0 || by == std::numeric_limits<int64_t>::min()) return std::nullopt;
    const int64_t size = in[0]->dims[*axis];
    const auto bound = [&](int64_t at, int64_t low, int64_t high) {
      return std::clamp(at < 0 ? at + size : at, low, high);
    };
    const int64_t from = by > 0 ? bound((*starts)[i], 0, size) : bound((*starts)[i], -1, size - 1);
    const int64_t to = by > 0 ? bound((*ends)[i], 0, size) : bound((*ends)[i], -1, size - 1);
    const int64_t span = by > 0 ? to - from : from - to, stride = by > 0 ? by : -by;
    first[*axis] = from;
    step[*axis] = by;
    dims[*axis] = span <= 0 ? 0 : (span - 1) / stride + 1;
  }
  const std::vector<int64_t> strides = Strides(in[0]->dims);
  return Picked(*in[0], dims, [&](const std::vector<int64_t>& index) {
    int64_t at = 0;
    for (size_t i = 0; i < index.size(); ++i) at += (first[i] + index[i] * step[i]) * strides[i];
    return at;
  });
}

Evaluated Selected(const Node&, const Arrays& in) {
  if (in.size() < 3 || !in[0] || !in[1] || !in[2]) return std::nullopt;
  const auto partly = BroadcastDims(in[0]->dims, in[1]->dims);
  const auto dims = partly ? BroadcastDims(*partly, in[2]->dims) : std::nullopt;
  if (!dims) return std::nullopt;
  const Evaluated condition = BroadcastTo(*in[0], *dims), a = BroadcastTo(*in[1], *dims),
                  b = BroadcastTo(*in[2], *dims);
  if (!condition || !a || !b) return std::nullopt;
  Array out = *a;
  for (size_t i = 0; i < out.data.size(); ++i)
    if (condition->data[i] == 0) out.data[i] = b->data[i];
  return out;
}

Evaluated Expanded(const Node&, const Arrays& in) {
  if (in.size() < 2 || !in[0] || !in[1]) return std::nullopt;
  const auto dims = BroadcastDims(in[0]->dims, in[1]->data);
  if (!dims || std::any_of(dims->begin(), dims->end(), [](int64_t d) { return d < 0; }))
    return std::nullopt;
  return BroadcastTo(*in[0], *dims);
}

Evaluated Same(const Node&, const Arrays& in) { return in[0]; }

}  // namespace

std::span<const Evaluator> LayoutEvaluators() {
  static constexpr Evaluator kRows[] = {
      {"Concat", Concatenated}, {"Expand", Expanded},      {"Gather", Gathered},
      {"Identity", Same},       {"Reshape", Reshaped},     {"Slice", Sliced},
      {"Squeeze", Squeezed},    {"Transpose", Transposed}, {"Unsqueeze", Unsqueezed},
      {"Where", Selected},
  };
  return kRows;
}

}  // namespace edgeopt::ops
