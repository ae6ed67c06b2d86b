#include "passes/linear_op.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Node;
using ir::ValueId;

bool IsSupported(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat64 || type == DataType::kFloat16;
}

bool HasPadding(const Node& node) {
  const std::string automatic = node.StringOr("auto_pad", "NOTSET");
  if (automatic == "VALID") return false;
  if (automatic != "NOTSET") return true;
  const std::vector<int64_t> pads = node.IntsOr("pads", {});
  return std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; });
}

}  // namespace

std::optional<LinearOp> LinearOp::Of(const Rewriter& rewriter, ir::NodeId id, std::string& why) {
  why.clear();
  if (!id.valid()) return std::nullopt;
  const Node& node = rewriter.graph().node(id);
  LinearOp op;
  op.id_ = id;
  op.is_matmul_ = node.Is("MatMul");
  op.is_gemm_ = node.Is("Gemm");
  op.is_transposed_conv_ = node.Is("ConvTranspose");
  if (!op.is_matmul_ && !op.is_gemm_ && !op.is_transposed_conv_ && !node.Is("Conv"))
    return std::nullopt;
  auto problem = op.Read(rewriter);
  if (!problem) problem = op.ReadBias(rewriter);
  if (!problem) return op;
  why = "of " + rewriter.graph().Describe(id) + " " + *problem;
  return std::nullopt;
}

// Returns what is wrong.
std::optional<std::string> LinearOp::Read(const Rewriter& rewriter) {
  const ir::Graph& graph = rewriter.graph();
  const Node& node = graph.node(id_);
  const auto weight = rewriter.ConstantOf(node.input(1));
  if (!weight) return "the weight is computed at run time";
  if (graph.uses(node.input(1)).size() != 1 || graph.value(node.input(1)).captured)
    return "the weight is used elsewhere too";
  if (!IsSupported(weight->type()))
    return "the weight is of type " + std::string(ir::Name(weight->type()));
  if (weight->size() == 0) return "the weight is empty";
  type_ = weight->type();
  dims_ = weight->dims();
  weight_ = weight->ToDoubles().value();
  if (is_matmul_ || is_gemm_) {
    if (dims_.size() != 2) return "the weight is not a matrix";
    if (node.FloatOr("alpha", 1) != 1) return "alpha is not 1";
    transposed_b_ = is_gemm_ && node.IntOr("transB", 0) != 0;
    if (is_gemm_ && node.IntOr("transA", 0) != 0) return "the data is transposed";
    in_channels_ = dims_[transposed_b_ ? 1 : 0];
    out_channels_ = dims_[transposed_b_ ? 0 : 1];
    return std::nullopt;
  }
  groups_ = node.IntOr("group", 1);
  if (dims_.size() < 3 || groups_ < 1) return "the weight is not that of a convolution";
  is_unpadded_ = !HasPadding(node);
  in_channels_ = is_transposed_conv_ ? dims_[0] : dims_[1] * groups_;
  out_channels_ = is_transposed_conv_ ? dims_[1] * groups_ : dims_[0];
  if (in_channels_ % groups_ != 0 || out_channels_ % groups_ != 0)
    return "the channels do not divide into the groups";
  return std::nullopt;
}

std::optional<std::string> LinearOp::ReadBias(const Rewriter& rewriter) {
  const Node& node = rewriter.graph().node(id_);
  if (is_matmul_ || !node.input(2).valid()) return std::nullopt;
  const auto bias = rewriter.ConstantOf(node.input(2));
  if (!bias) return "the bias is computed at run time";
  if (is_gemm_ && node.FloatOr("beta", 1) != 1) return "beta is not 1";
  // Gemm's bias is broadcast to [rows, columns]: only one per column is a bias of channels.
  const bool per_channel =
      bias->size() == out_channels_ &&
      (bias->rank() == 1 || (is_gemm_ && bias->rank() == 2 && bias->dims()[0] == 1));
  if (bias->type() != type_) return "the bias is of another type";
  if (!per_channel && !(is_gemm_ && bias->size() == 1)) return "the bias is not one per channel";
  std::vector<double> values = bias->ToDoubles().value();
  values.resize(static_cast<size_t>(out_channels_), values[0]);
  bias_ = std::move(values);
  return std::nullopt;
}

int64_t LinearOp::OutChannel(int64_t a, int64_t b) const {
  if (is_matmul_ || is_gemm_) return transposed_b_ ? a : b;
  return is_transposed_conv_ ? a / (in_channels_ / groups_) * dims_[1] + b : a;
}

int64_t LinearOp::InChannel(int64_t a, int64_t b) const {
  if (is_matmul_ || is_gemm_) return transposed_b_ ? b : a;
  return is_transposed_conv_ ? a : a / (out_channels_ / groups_) * dims_[1] + b;
}

// fn(weights of one pair of channels, output channel, input channel).
template <typename Fn>
void LinearOp::ForEachConnection(Fn fn) {
  const size_t kernel = weight_.size() / static_cast<size_t>(dims_[0] * dims_[1]);
  std::span<double> rest(weight_);
  for (int64_t a = 0; a < dims_[0]; ++a)
    for (int64_t b = 0; b < dims_[1]; ++b, rest = rest.subspan(kernel))
      fn(rest.first(kernel), static_cast<size_t>(OutChannel(a, b)),
         static_cast<size_t>(InChannel(a, b)));
}

std::vector<double>& LinearOp::Bias() {
  if (!bias_) bias_.emplace(static_cast<size_t>(out_channels_), 0.0);
  bias_changed_ = true;
  return *bias_;
}

void LinearOp::FoldBehind(const std::vector<double>& scale, const std::vector<double>& shift) {
  ForEachConnection([&](std::span<double> weights, size_t out, size_t) {
    for (double& weight : weights) weight *= scale[out];
  });
  const bool shifts = std::any_of(shift.begin(), shift.end(), [](double s) { return s != 0; });
  if (!bias_ && !shifts) return;
  std::vector<double>& bias = Bias();
  for (size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * scale[c] + shift[c];
}

void LinearOp::FoldBefore(const std::vector<double>& scale, const std::vector<double>& shift) {
  const bool shifts = std::any_of(shift.begin(), shift.end(), [](double s) { return s != 0; });
  ForEachConnection([&](std::span<double> weights, size_t out, size_t in) {
    for (double& weight : weights) {
      if (shifts) Bias()[out] += weight * shift[in];
      weight *= scale[in];
    }
  });
}

Result<ir::Tensor> LinearOp::Finite(const ir::Dims& dims, const std::vector<double>& values) const {
  EDGEOPT_TRY(ir::Tensor tensor, RealTensor(type_, dims, values));
  const auto rounded = tensor.ToDoubles().value();
  if (!std::all_of(rounded.begin(), rounded.end(), [](double v) { return std::isfinite(v); }))
    return Unsupported("a folded weight or bias would not be finite");
  return tensor;
}

void LinearOp::Store(Rewriter& rewriter, size_t slot, const char* suffix, ir::Tensor tensor) const {
  ir::Graph& graph = rewriter.graph();
  const ValueId old = graph.node(id_).input(slot);
  if (old.valid() && graph.value(old).initializer && graph.HasSingleUse(old))
    return graph.SetInitializer(old, std::move(tensor));
  const std::string hint =
      old.valid() ? graph.value(old).name : graph.value(graph.node(id_).output(0)).name + suffix;
  graph.SetInput(id_, slot, graph.AddInitializer(hint, std::move(tensor)));
}

Status LinearOp::Commit(Rewriter& rewriter) const {
  EDGEOPT_TRY(ir::Tensor weight, Finite(dims_, weight_));
  if (bias_changed_) {
    EDGEOPT_TRY(ir::Tensor bias, Finite({out_channels_}, *bias_));
    Store(rewriter, 2, "_bias", std::move(bias));
  }
  Store(rewriter, 1, "_weight", std::move(weight));
  return OkStatus();
}

}  // namespace edgeopt::passes
