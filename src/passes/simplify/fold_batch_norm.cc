// fold-batch-norm: BatchNormalization goes into the weights of the layer before or behind it.
//
// Before:   y = BatchNormalization(L(x, W, b), gamma, beta, mean, variance)
// After:    y = L(x, W', b')               L one of Conv, ConvTranspose, Gemm
// Before:   y = L(BatchNormalization(x, gamma, beta, mean, variance), W, b)
// After:    y = L(x, W', b')               L a Conv without padding, or Gemm
// Requires: the norm is in inference mode (one output used, training_mode 0); W, b and the norm's
//           parameters are constants; what lies between L and the norm has no other use; the same
//           number of channels; gamma / sqrt(variance + epsilon) is finite. See also LinearOp::Of.
// Maths:    s = gamma / sqrt(variance + epsilon), t = beta - mean s; the norm is x -> s x + t.
//           Behind: W'[o, i] = s[o] W[o, i],  b'[o] = s[o] b[o] + t[o].
//           Before: W'[o, i] = W[o, i] s[i],  b'[o] = b[o] + sum over i, k of W[o, i, k] t[i].
// Numerics: computed in double, rounded once. Each new weight is off by at most 2^-24 of itself
//           (float32), so an output by some 2^-24 * sum |W'| |x|: the rounding error that the
//           convolution has anyway.
// Source:   ONNX operator BatchNormalization, versions 7, 9, 14 and 15; S. Ioffe and C. Szegedy,
//           arXiv 1502.03167, algorithm 2.
#include <algorithm>
#include <cmath>

#include "passes/linear_op.h"
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;

struct ScaleShift {
  std::vector<double> scale, shift;
};

// nullopt: the norm is not a fixed scale and shift.
std::optional<ScaleShift> ScaleShiftOf(const Rewriter& rewriter, const Node& norm) {
  std::vector<double> parameters[4];
  for (size_t i = 0; i < 4; ++i) {
    const auto constant = rewriter.ConstantOf(norm.input(i + 1));
    auto values = constant ? constant->ToDoubles() : Result<std::vector<double>>(Error{});
    if (!values.ok() || values->size() != (i ? parameters[0].size() : values->size()))
      return std::nullopt;
    parameters[i] = std::move(*values);
  }
  const auto& [gamma, beta, mean, variance] = parameters;
  const double epsilon = norm.FloatOr("epsilon", 1e-5f);
  ScaleShift result;
  for (size_t c = 0; c < gamma.size(); ++c) {
    const double scale = gamma[c] / std::sqrt(variance[c] + epsilon);
    if (!std::isfinite(scale) || !std::isfinite(beta[c] - mean[c] * scale)) return std::nullopt;
    result.scale.push_back(scale);
    result.shift.push_back(beta[c] - mean[c] * scale);
  }
  return result;
}

class NormFolder {
 public:
  NormFolder(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), id_(id) {}

  Status Run() {
    const Node& norm = graph_.node(id_);
    if (!norm.Is("BatchNormalization")) return OkStatus();
    for (size_t i = 1; i < norm.outputs.size(); ++i)
      if (norm.outputs[i].valid() && !graph_.IsUnused(norm.outputs[i]))
        return Skip("its statistics are used");
    if (norm.IntOr("training_mode", 0) != 0) return Skip("it is in training mode");
    if (norm.IntOr("spatial", 1) != 1) return Skip("it is not per channel");
    const auto folded = ScaleShiftOf(rewriter_, norm);
    if (!folded) return Skip("its parameters are not constants that give finite scales");
    const NodeId before = graph_.producer(norm.input(0));
    if (before.valid() && graph_.HasSingleUse(norm.input(0)) && FoldBehind(before, *folded))
      return OkStatus();
    FoldBefore(graph_.OnlyUser(norm.output(0)), *folded);
    if (graph_.alive(id_)) return Skip(why_.empty() ? "there is no layer to fold it into" : why_);
    return OkStatus();
  }

 private:
  Status Skip(std::string reason) {
    rewriter_.Skip(id_, std::move(reason));
    return OkStatus();
  }

  bool FoldBehind(NodeId layer, const ScaleShift& norm) {
    auto op = LinearOp::Of(rewriter_, layer, why_);
    if (!op) return false;
    // MatMul's channels are its last axis; BatchNormalization's are axis 1, the last of a matrix.
    const bool same_axis = op->takes_shift();
    if (!same_axis || op->out_channels() != static_cast<int64_t>(norm.scale.size())) {
      why_ = "its channels are not those of " + graph_.Describe(layer);
      return false;
    }
    op->FoldBehind(norm.scale, norm.shift);
    return Finish(*op, graph_.node(id_).output(0), graph_.node(id_).input(0));
  }

  void FoldBefore(NodeId layer, const ScaleShift& norm) {
    std::string why;
    auto op = LinearOp::Of(rewriter_, layer, why);
    if (!op) {
      if (why_.empty()) why_ = why;
      return;
    }
    if (!op->takes_shift() || !op->folds_before() || !op->is_unpadded() ||
        graph_.node(layer).input(0) != graph_.node(id_).output(0) ||
        op->in_channels() != static_cast<int64_t>(norm.scale.size())) {
      if (why_.empty()) why_ = "what is behind it pads, or has other channels";
      return;
    }
    op->FoldBefore(norm.scale, norm.shift);
    Finish(*op, graph_.node(id_).output(0), graph_.node(id_).input(0));
  }

  // The norm's input takes its output's place.
  bool Finish(const LinearOp& op, ir::ValueId output, ir::ValueId input) {
    if (const Status committed = op.Commit(rewriter_); !committed.ok()) {
      why_ = committed.error().message;
      return false;
    }
    graph_.SetNodeOutputs(id_, {output});  // of an old opset: the unused statistics
    return rewriter_.Bypass(id_, output, input);
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  NodeId id_;
  std::string why_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context,
                   [](Rewriter& rewriter, NodeId id) { return NormFolder(rewriter, id).Run(); });
}

}  // namespace

Pass fold_batch_norm() {
  return {"fold-batch-norm", "BatchNormalization goes into the weights of the layer beside it",
          Run};
}

}  // namespace edgeopt::passes
