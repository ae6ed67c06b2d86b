// fold-scale-shift: arithmetic with constants per channel goes into the weights of a layer.
//
// Before:   y = Op(L(x, W, b), c), y = Sub(c, L(x, W, b))     Op one of Mul, Div, Add, Sub
// Before:   y = Neg(L(x, W, b)), that is c = -1
// After:    y = L(x, W', b')              L one of Conv, ConvTranspose, Gemm; MatMul for Mul, Div
// Before:   y = L(Op(x, c), W, b)
// After:    y = L(x, W', b')              L Conv, Gemm, or MatMul; for a shift a Conv that does not
//                                         pad, or Gemm
// Before:   y = Add(MatMul(x, W), b)
// After:    y = Gemm(x, W, b)             x and W matrices, b constant, one number per column
// Requires: c is a constant with one element, or one per channel and 1 along all other axes; it
//           does not enlarge what it is applied to; the value in between has no other use; a
//           divisor is not 0. Not into the layer behind: the factor 0.5 of a Gelu, and scale and
//           shift of a LayerNormalization; runtimes run the whole of these as one. See also
//           LinearOp::Of.
// Maths:    as in fold-batch-norm with s = c or 1 / c and t = 0, or s = 1 (-1 for c - L) and
//           t = c or -c.
// Numerics: as in fold-batch-norm. Gemm adds its bias in another place of the same sum: some ulps.
// Source:   the distributive law.
#include <algorithm>

#include "passes/linear_op.h"
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// What a node does to `data`: x * scale + shift, each one number or one per channel.
struct Affine {
  ValueId data;
  std::vector<double> scale = {1.0}, shift = {0.0};
  ir::Dims dims;  // of the constant
  bool shifts = false;
};

std::optional<Affine> AffineOf(const Rewriter& rewriter, const Node& node) {
  if (node.Is("Neg") && ir::IsFloatingPoint(rewriter.ElementOf(node.input(0))))
    return Affine{node.input(0), {-1.0}};
  const bool add = node.Is("Add"), sub = node.Is("Sub"), mul = node.Is("Mul"), div = node.Is("Div");
  if (!add && !sub && !mul && !div) return std::nullopt;
  for (const size_t slot : {1u, 0u}) {
    const auto constant = rewriter.ConstantOf(node.input(slot));
    if (!constant || !ir::IsFloatingPoint(constant->type()) || (div && slot == 0)) continue;
    auto values = constant->ToDoubles();
    if (!values.ok() || values->empty()) return std::nullopt;
    Affine affine{node.input(1 - slot)};
    affine.dims = constant->dims();
    affine.shifts = add || sub;
    if (div && std::find(values->begin(), values->end(), 0.0) != values->end()) return std::nullopt;
    for (double& value : *values) value = div ? 1 / value : sub && slot == 1 ? -value : value;
    (affine.shifts ? affine.shift : affine.scale) = std::move(*values);
    if (sub && slot == 0) affine.scale = {-1.0};
    return affine;
  }
  return std::nullopt;
}

// The constant has one element per channel at `axis` of a tensor of that rank (counted from the end
// when negative; the rank is needed only otherwise), or one in all.
bool IsPerChannel(const ir::Dims& dims, int64_t channels, int64_t axis, int64_t rank) {
  const auto own_rank = static_cast<int64_t>(dims.size());
  if (rank >= 0 && own_rank > rank) return false;
  if (rank < 0 && (axis >= 0 || own_rank > 1)) return false;
  const int64_t from_end = axis < 0 ? -axis : rank - axis;
  for (int64_t i = 1; i <= own_rank; ++i) {
    const int64_t size = dims[static_cast<size_t>(own_rank - i)];
    if (size != 1 && !(i == from_end && size == channels)) return false;
  }
  return true;
}

std::vector<double> PerChannel(const std::vector<double>& values, int64_t channels) {
  return values.size() == 1 ? std::vector<double>(static_cast<size_t>(channels), values[0])
                            : values;
}

class ScaleShiftFolder {
 public:
  ScaleShiftFolder(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), id_(id) {}

  void Run() {
    const Node& node = graph_.node(id_);
    const auto affine = AffineOf(rewriter_, node);
    if (!affine) return;
    const NodeId layer = graph_.producer(affine->data);
    if (layer.valid() && graph_.HasSingleUse(affine->data) &&
        (FoldBehind(layer, *affine) || MergeIntoGemm(layer, *affine)))
      return;
    const NodeId next = graph_.OnlyUser(node.output(0));
    if (next.valid() && graph_.node(next).input(0) == node.output(0) && FoldBefore(next, *affine))
      return;
    if (!why_.empty()) rewriter_.Skip(id_, why_);
  }

 private:
  bool FoldBehind(NodeId layer, const Affine& affine) {
    auto op = LinearOp::Of(rewriter_, layer, why_);
    if (!op || (affine.shifts && !op->takes_shift())) return false;
    const int64_t rank = RankOf(layer, graph_.node(layer).output(0));
    if (!IsPerChannel(affine.dims, op->out_channels(), op->channel_axis(), rank)) {
      why_ = "its constant is not one number per channel of " + graph_.Describe(layer);
      return false;
    }
    op->FoldBehind(PerChannel(affine.scale, op->out_channels()),
                   PerChannel(affine.shift, op->out_channels()));
    return Finish(*op, affine.data);
  }

  // x (1 + erf(...)) or x (1 + tanh(...)), what a Gelu halves.
  bool IsTwiceGelu(ValueId id) const {
    const Node* product = graph_.ProducerIf(id, "Mul");
    for (size_t i = 0; product && i < 2; ++i) {
      const Node* sum = graph_.ProducerIf(product->input(i), "Add");
      for (size_t j = 0; sum && j < 2; ++j)
        if (graph_.ProducerIf(sum->input(j), "Erf") || graph_.ProducerIf(sum->input(j), "Tanh"))
          return true;
    }
    return false;
  }

  // d / Sqrt(...), or that times a constant.
  bool IsNormalized(ValueId id) const {
    const Node* product = graph_.ProducerIf(id, "Mul");
    for (size_t i = 0; product && i < 2; ++i)
      if (rewriter_.ConstantOf(product->input(1 - i))) id = product->input(i);
    const Node* division = graph_.ProducerIf(id, "Div");
    return division && graph_.ProducerIf(division->input(1), "Sqrt");
  }

  bool FoldBefore(NodeId layer, const Affine& affine) {
    if (affine.scale == std::vector{0.5} && IsTwiceGelu(affine.data)) {
      why_ = "it is part of a Gelu";
      return false;
    }
    if (IsNormalized(affine.data)) {
      why_ = "it is part of a LayerNormalization";
      return false;
    }
    std::string why;
    auto op = LinearOp::Of(rewriter_, layer, why);
    if (!op) return false;
    const int64_t rank = RankOf(layer, graph_.node(id_).output(0));
    if (!op->folds_before() ||
        !IsPerChannel(affine.dims, op->in_channels(), op->channel_axis(), rank)) {
      why_ = "its constant is not one number per channel of " + graph_.Describe(layer);
    } else if (affine.shifts && (!op->takes_shift() || !op->is_unpadded())) {
      why_ = graph_.Describe(layer) + " behind it pads with zeros or has no bias";
    } else if (!BroadcastsInto(ir::Tensor::Zeros(ir::DataType::kBool, affine.dims),
                               rewriter_.TypeOf(affine.data))) {
      why_ = "its constant may enlarge the data";
    } else {
      op->FoldBefore(PerChannel(affine.scale, op->in_channels()),
                     PerChannel(affine.shift, op->in_channels()));
      return Finish(*op, affine.data);
    }
    return false;
  }

  bool Finish(const LinearOp& op, ValueId data) {
    if (const Status committed = op.Commit(rewriter_); !committed.ok()) {
      why_ = committed.error().message;
      return false;
    }
    return rewriter_.Bypass(id_, graph_.node(id_).output(0), data);
  }

  // The rank of a layer's input or output; a convolution's weight has the same.
  int64_t RankOf(NodeId layer, ValueId value) const {
    const Node& node = graph_.node(layer);
    if (node.Is("Gemm")) return 2;
    if (node.Is("MatMul")) return rewriter_.TypeOf(value).rank();
    return rewriter_.ConstantOf(node.input(1))->rank();
  }

  bool MergeIntoGemm(NodeId layer, const Affine& affine) {
    const Node& matmul = graph_.node(layer);
    const Node& add = graph_.node(id_);
    if (!matmul.Is("MatMul") || !add.Is("Add")) return false;
    const ir::Type &x = rewriter_.TypeOf(matmul.input(0)), &w = rewriter_.TypeOf(matmul.input(1));
    if (x.rank() != 2 || w.rank() != 2 || !(*w.shape)[1].value || !ir::IsFloatingPoint(x.element)) {
      why_ = graph_.Describe(layer) + " before it is not of two matrices";
      return false;
    }
    if (!IsPerChannel(affine.dims, *(*w.shape)[1].value, -1, 2)) return false;
    const ValueId bias = add.input(0) == affine.data ? add.input(1) : add.input(0);
    const std::vector<ValueId> operands = {matmul.input(0), matmul.input(1), bias};
    graph_.SetOpType(id_, "Gemm");
    graph_.SetNodeInputs(id_, operands);
    rewriter_.RemoveIfUnused(layer);
    rewriter_.Count();
    return true;
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  NodeId id_;
  std::string why_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    ScaleShiftFolder(rewriter, id).Run();
    return OkStatus();
  });
}

}  // namespace

Pass fold_scale_shift() {
  return {"fold-scale-shift", "constants per channel go into the weights of the layer beside them",
          Run};
}

}  // namespace edgeopt::passes
