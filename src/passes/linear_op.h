// Conv, ConvTranspose, Gemm and MatMul with constant weights, seen as one thing: outputs that are
// linear in the inputs, so that a scale and a shift per channel before or behind them fold into
// weight and bias.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "passes/rewriter.h"

namespace edgeopt::passes {

class LinearOp {
 public:
  // The node as such an operator; otherwise nullopt, and `why` says why not (empty: it is none of
  // the four). Requirements: weight and bias are constants of float32, float64 or float16 with
  // known, matching dimensions; nothing else uses the weight. MatMul: its second operand is the
  // constant, of rank 2. Gemm: alpha = 1, and beta = 1 where there is a bias, which is one number
  // per column.
  static std::optional<LinearOp> Of(const Rewriter& rewriter, ir::NodeId id, std::string& why);

  int64_t in_channels() const { return in_channels_; }
  int64_t out_channels() const { return out_channels_; }
  // The axis of the channels in the output, counted from the front (1) or, for MatMul, the end
  // (-1).
  int64_t channel_axis() const { return is_matmul_ ? -1 : 1; }
  // MatMul has no bias.
  bool takes_shift() const { return !is_matmul_; }
  // No input element outside the data is read: no padding.
  bool is_unpadded() const { return is_unpadded_; }

  // y * scale[c] + shift[c] in place of the output y. Each list has one entry per output channel.
  void FoldBehind(const std::vector<double>& scale, const std::vector<double>& shift);
  // x * scale[c] + shift[c] in place of the input x. Requires takes_shift() and is_unpadded() when
  // a shift is not 0; not for ConvTranspose (folds_before()).
  void FoldBefore(const std::vector<double>& scale, const std::vector<double>& shift);
  bool folds_before() const { return !is_transposed_conv_; }

  // Writes new weight and bias into the graph. Unsupported, and nothing done, when a number is not
  // finite in the weight's type.
  Status Commit(Rewriter& rewriter) const;

 private:
  LinearOp() = default;
  std::optional<std::string> Read(const Rewriter& rewriter);
  std::optional<std::string> ReadBias(const Rewriter& rewriter);
  // The channels that weight[a, b, ...] connects.
  int64_t OutChannel(int64_t a, int64_t b) const;
  int64_t InChannel(int64_t a, int64_t b) const;
  template <typename Fn>
  void ForEachConnection(Fn fn);
  Result<ir::Tensor> Finite(const ir::Dims& dims, const std::vector<double>& values) const;
  void Store(Rewriter& rewriter, size_t slot, const char* suffix, ir::Tensor tensor) const;
  std::vector<double>& Bias();

  ir::NodeId id_;
  ir::DataType type_ = ir::DataType::kUndefined;
  ir::Dims dims_;  // of the weight
  std::vector<double> weight_;
  std::optional<std::vector<double>> bias_;
  bool bias_changed_ = false;
  int64_t in_channels_ = 0, out_channels_ = 0, groups_ = 1;
  bool is_matmul_ = false, is_gemm_ = false, is_transposed_conv_ = false, is_unpadded_ = true;
  bool transposed_b_ = false;
};

}  // namespace edgeopt::passes
