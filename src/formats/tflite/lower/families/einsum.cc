// Einsum: operand after operand is multiplied into what the ones before gave, as one BATCH_MATMUL
// of [batch, left, summed] and [batch, summed, right].
//
// Source: the notation of ONNX's Einsum, which is NumPy's: a label for each axis, "..." for those
// that broadcast; labels that the output lacks are summed over.
#include <algorithm>
#include <map>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

// Axes behind "..." are labelled from their last one: 256, 257 ...
using Label = int32_t;
constexpr Label kEllipsis = 256;
using Labels = std::vector<Label>;

bool Contains(const Labels& labels, Label label) {
  return std::ranges::find(labels, label) != labels.end();
}

struct Equation {
  std::vector<Labels> inputs;
  Labels output;
};

// `rank` axes; -1: as many as the ellipsis has in all.
Result<Labels> ParseTerm(std::string_view term, int64_t rank, int64_t ellipsis) {
  Labels labels;
  const auto named =
      static_cast<int64_t>(std::ranges::count_if(term, [](char c) { return c != '.'; }));
  const bool has_ellipsis = term.find("...") != std::string_view::npos;
  const int64_t hidden = !has_ellipsis ? 0 : rank < 0 ? ellipsis : rank - named;
  if (hidden < 0 || (rank >= 0 && named + hidden != rank))
    return BadInput("the term '" + std::string(term) + "' of its equation does not fit a rank of " +
                    std::to_string(rank));
  for (size_t i = 0; i < term.size(); ++i) {
    if (term[i] != '.') {
      labels.push_back(static_cast<unsigned char>(term[i]));
      continue;
    }
    i += 2;
    for (int64_t axis = hidden; axis > 0; --axis)
      labels.push_back(kEllipsis + static_cast<Label>(axis - 1));
  }
  return labels;
}

// Without an arrow the output has the broadcast axes, then the labels that occur once, in order.
Labels ImplicitOutput(const std::vector<Labels>& inputs) {
  std::map<Label, int> count;
  for (const Labels& input : inputs)
    for (const Label label : input) ++count[label];
  Labels output;
  for (auto it = count.rbegin(); it != count.rend() && it->first >= kEllipsis; ++it)
    output.push_back(it->first);
  for (const auto& [label, times] : count)
    if (label < kEllipsis && times == 1) output.push_back(label);
  return output;
}

Result<Equation> Parse(const NodeLowering& node) {
  std::string text = node.node().StringOr("equation", "");
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  std::string_view rest = std::string_view(text).substr(0, arrow);
  Equation equation;
  int64_t ellipsis = 0;
  for (size_t slot = 0; slot < node.node().inputs.size(); ++slot) {
    const size_t comma = rest.find(',');
    const std::string_view term = rest.substr(0, comma);
    EDGEOPT_TRY(const Labels labels, ParseTerm(term, node.InRank(slot), 0));
    ellipsis = std::max<int64_t>(
        ellipsis, std::ranges::count_if(labels, [](Label label) { return label >= kEllipsis; }));
    equation.inputs.push_back(labels);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  equation.output = ImplicitOutput(equation.inputs);
  if (arrow != std::string::npos) {
    EDGEOPT_TRY(equation.output, ParseTerm(std::string_view(text).substr(arrow + 2), -1, ellipsis));
  }
  return equation;
}

// A tensor whose axes have labels, each once.
struct Operand {
  TensorIndex tensor = kOmitted;
  Labels labels;
};

class EinsumLowering {
 public:
  explicit EinsumLowering(NodeLowering& node) : node_(node), c_(node) {}

  Status Run() {
    EDGEOPT_TRY(equation_, Parse(node_));
    for (size_t slot = 0; slot < equation_.inputs.size(); ++slot) EDGEOPT_CHECK_OK(ReadSizes(slot));
    Operand product = Read(0);
    for (size_t slot = 1; slot < equation_.inputs.size(); ++slot)
      product = Multiplied(product, Read(slot), slot);
    Labels gone;
    for (const Label label : product.labels)
      if (!Contains(equation_.output, label)) gone.push_back(label);
    product = SummedOver(product, gone);
    return Finish(Ordered(product, equation_.output));
  }

 private:
  Status ReadSizes(size_t slot) {
    EDGEOPT_TRY(const Dims dims, node_.InDims(slot));
    const Labels& labels = equation_.inputs[slot];
    for (size_t i = 0; i < labels.size(); ++i) {
      int64_t& size = sizes_.emplace(labels[i], 1).first->second;
      if (size != 1 && dims[i] != 1 && dims[i] != size)
        return BadInput("a label of its equation stands for the sizes " + std::to_string(size) +
                        " and " + std::to_string(dims[i]));
      size = std::max(size, dims[i]);
    }
    return OkStatus();
  }

  // The input without axes of size 1 that broadcast, with the diagonal of labels that it has twice.
  Operand Read(size_t slot) {
    Operand operand{c_.In(slot), equation_.inputs[slot]};
    Dims dims = *node_.InType(slot).static_dims(), kept;
    Labels labels;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 1 && sizes_[operand.labels[i]] != 1) continue;
      kept.push_back(dims[i]);
      labels.push_back(operand.labels[i]);
    }
    if (kept.size() != dims.size()) operand.tensor = c_.Reshape(operand.tensor, ir::ToShape(kept));
    operand.labels = labels;
    return Diagonal(operand);
  }

  Operand Diagonal(const Operand& operand) {
    Labels once;
    for (const Label label : operand.labels)
      if (!Contains(once, label)) once.push_back(label);
    if (once.size() == operand.labels.size()) return operand;
    const Dims dims = SizesOf(once);
    const auto count = Count(once);
    std::vector<int32_t> places;
    for (int64_t place = 0; place < count; ++place) {
      std::map<Label, int64_t> position;
      int64_t left = place;
      for (size_t i = once.size(); i-- > 0; left /= dims[i]) position[once[i]] = left % dims[i];
      int64_t flat = 0;
      for (const Label label : operand.labels) flat = flat * sizes_[label] + position[label];
      places.push_back(static_cast<int32_t>(flat));
    }
    const TensorIndex row = c_.Reshape(operand.tensor, {ir::Dim::Of(Count(operand.labels))});
    return {c_.Gather(row, c_.Constant(Tensor::Of(dims, places)), 0), once};
  }

  Operand SummedOver(const Operand& operand, const Labels& gone) {
    if (gone.empty()) return operand;
    Labels kept;
    std::vector<int64_t> axes;
    for (size_t i = 0; i < operand.labels.size(); ++i) {
      if (Contains(gone, operand.labels[i]))
        axes.push_back(static_cast<int64_t>(i));
      else
        kept.push_back(operand.labels[i]);
    }
    const TensorIndex sum = c_.Reduce(Op::SUM, operand.tensor, axes);
    return {c_.Reshape(sum, ir::ToShape(SizesOf(kept))), kept};
  }

  // Whether the output or an input from `slot` on has the label.
  bool IsNeeded(Label label, size_t slot) const {
    if (Contains(equation_.output, label)) return true;
    return std::any_of(equation_.inputs.begin() + static_cast<int64_t>(slot),
                       equation_.inputs.end(),
                       [&](const Labels& labels) { return Contains(labels, label); });
  }

  Operand Multiplied(Operand left, Operand right, size_t slot) {
    Labels batch, summed, left_only, right_only, left_gone, right_gone;
    for (const Label label : left.labels) {
      const bool needed = IsNeeded(label, slot + 1);
      if (Contains(right.labels, label))
        (needed ? batch : summed).push_back(label);
      else
        (needed ? left_only : left_gone).push_back(label);
    }
    for (const Label label : right.labels)
      if (!Contains(left.labels, label))
        (IsNeeded(label, slot + 1) ? right_only : right_gone).push_back(label);
    left = SummedOver(left, left_gone);
    right = SummedOver(right, right_gone);
    const Operand a = Grouped(left, {batch, left_only, summed});
    const Operand b = Grouped(right, {batch, summed, right_only});
    Labels labels = batch;
    labels.insert(labels.end(), left_only.begin(), left_only.end());
    labels.insert(labels.end(), right_only.begin(), right_only.end());
    const TensorIndex product = c_.MatMul(a.tensor, b.tensor);
    return {c_.Reshape(product, ir::ToShape(SizesOf(labels))), labels};
  }

  // Each group of labels becomes one axis.
  Operand Grouped(const Operand& operand, const std::vector<Labels>& groups) {
    Labels order;
    Dims dims;
    for (const Labels& group : groups) {
      order.insert(order.end(), group.begin(), group.end());
      dims.push_back(Count(group));
    }
    return {c_.Reshape(Ordered(operand, order).tensor, ir::ToShape(dims)), order};
  }

  Operand Ordered(const Operand& operand, const Labels& order) {
    std::vector<int64_t> permutation;
    Labels labels;
    for (const Label label : order) {
      const auto at = std::ranges::find(operand.labels, label);
      if (at == operand.labels.end()) continue;
      permutation.push_back(at - operand.labels.begin());
      labels.push_back(label);
    }
    return {c_.Transpose(operand.tensor, permutation), labels};
  }

  Status Finish(const Operand& operand) {
    for (const Label label : equation_.output)
      if (!Contains(operand.labels, label) && sizes_[label] != 1)
        return BadInput("a label of its output stands in no term");
    return c_.FinishReshape(operand.tensor);
  }

  Dims SizesOf(const Labels& labels) {
    Dims dims;
    for (const Label label : labels) dims.push_back(sizes_[label]);
    return dims;
  }
  int64_t Count(const Labels& labels) {
    int64_t count = 1;
    for (const Label label : labels) count *= sizes_[label];
    return count;
  }

  NodeLowering& node_;
  Composer c_;
  Equation equation_;
  std::map<Label, int64_t> sizes_;
};

Status Einsum(NodeLowering& node) { return EinsumLowering(node).Run(); }

constexpr Rule kRules[] = {{.op_type = "Einsum", .lower = Einsum}};

}  // namespace

Family einsum() { return {"einsum", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
