// DFT and STFT as products with a constant matrix of cosines and sines: a dense layer, and a
// convolution that slides along the signal.
//
// Source: ONNX's DFT (opset 20) and STFT (opset 17). Numbers are real [.., 1] or complex [.., 2].
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dim;
using ir::Dims;
using ir::Tensor;

// Longer ones would have matrices of more than 64 MiB.
constexpr int64_t kMostCoefficients = 1 << 24;

struct Fourier {
  int64_t length = 0;       // of the transform; its first numbers are the input, then zeros
  int64_t in = 0, out = 0;  // numbers along the axis
  int64_t in_parts = 1, out_parts = 2;
  bool inverse = false, onesided = false;
  bool to_real() const { return inverse && onesided; }

  // What part `from` of input t adds to part `to` of output k.
  double Coefficient(int64_t k, int64_t to, int64_t t, int64_t from) const {
    // The other half of a one-sided spectrum is the conjugate of this one.
    const bool mirrored = to_real() && t != 0 && 2 * t != length;
    if (t >= length || (to_real() && 2 * t > length)) return 0;
    const double angle = 2 * std::numbers::pi * static_cast<double>(k * t % length) /
                         static_cast<double>(length) * (inverse ? 1 : -1);
    const double scale = (mirrored ? 2.0 : 1.0) / (inverse ? static_cast<double>(length) : 1.0);
    if (to == from) return scale * std::cos(angle);
    return (to == 1 ? scale : -scale) * std::sin(angle);
  }
};

Status CheckLength(const NodeLowering& node, const Fourier& fourier) {
  if (fourier.length < 1)
    return BadInput("a transform of " + std::to_string(fourier.length) + " numbers");
  const int64_t longest = std::max({fourier.length, fourier.in, fourier.out});
  if (longest > kMostCoefficients ||
      fourier.in * fourier.in_parts > kMostCoefficients / (fourier.out * fourier.out_parts))
    return node.Unsupported("a transform of " + std::to_string(fourier.length) +
                            " numbers, which would be a matrix of more than 64 MiB");
  return OkStatus();
}

// [out * out_parts, in * in_parts]; each column times the window's number, if there is one.
std::vector<float> MatrixOf(const Fourier& fourier, const std::vector<double>& window) {
  std::vector<float> matrix;
  for (int64_t k = 0; k < fourier.out; ++k)
    for (int64_t to = 0; to < fourier.out_parts; ++to)
      for (int64_t t = 0; t < fourier.in; ++t)
        for (int64_t from = 0; from < fourier.in_parts; ++from) {
          const double weight = window.empty() ? 1 : window[static_cast<size_t>(t)];
          matrix.push_back(static_cast<float>(weight * fourier.Coefficient(k, to, t, from)));
        }
  return matrix;
}

Result<int64_t> IntegerIn(const NodeLowering& node, size_t slot) {
  EDGEOPT_TRY(const auto values, node.IntsIn(slot));
  if (values.size() != 1)
    return BadInput("input " + std::to_string(slot) + " has " + std::to_string(values.size()) +
                    " elements; expected 1");
  return values.front();
}

Result<int64_t> PartsOf(const NodeLowering& node) {
  const auto parts = node.InDim(0, node.InRank() - 1);
  if (!parts || (*parts != 1 && *parts != 2))
    return node.Unsupported("numbers of neither one part nor two");
  return *parts;
}

// --- DFT ---

Result<int64_t> AxisOf(const NodeLowering& node) {
  // Until opset 19 an attribute, of default 1.
  int64_t axis = node.node().IntOr("axis", 1);
  if (node.has_input(2)) {
    EDGEOPT_TRY(axis, IntegerIn(node, 2));
  } else if (node.node().FindAttribute("axis") == nullptr && node.opset() >= 20) {
    axis = -2;
  }
  return node.Axis(axis, node.InRank());
}

Result<Fourier> FourierOf(const NodeLowering& node, int64_t axis) {
  Fourier fourier;
  fourier.inverse = node.node().IntOr("inverse", 0) != 0;
  fourier.onesided = node.node().IntOr("onesided", 0) != 0;
  EDGEOPT_TRY(fourier.in_parts, PartsOf(node));
  const auto in = node.InDim(0, axis);
  if (!in || *in < 1)
    return node.Unsupported("a size that is known at run time only",
                            "fix the sizes of the model's inputs with --shape");
  fourier.in = *in;
  fourier.length = fourier.to_real() ? 2 * (*in - 1) : *in;
  if (node.has_input(1)) {
    EDGEOPT_TRY(fourier.length, IntegerIn(node, 1));
  }
  const bool half = fourier.onesided && !fourier.inverse;
  fourier.out = half ? fourier.length / 2 + 1 : fourier.length;
  fourier.out_parts = fourier.to_real() ? 1 : 2;
  return fourier;
}

Status Dft(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, AxisOf(node));
  EDGEOPT_TRY(const Fourier fourier, FourierOf(node, axis));
  EDGEOPT_CHECK_OK(CheckLength(node, fourier));
  // The axis next to the parts, to be one with them.
  std::vector<int64_t> order(static_cast<size_t>(node.InRank()));
  std::iota(order.begin(), order.end(), int64_t{0});
  order.erase(order.begin() + axis);
  order.insert(order.end() - 1, axis);
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);

  Composer c(node);
  const TensorIndex moved = c.Transpose(c.In(0), order);
  EDGEOPT_CHECK_OK(c.status());
  ir::Shape shape = node.file().ShapeOf(moved);
  shape.resize(shape.size() - 2);
  shape.push_back(Dim::Of(fourier.in * fourier.in_parts));
  const Dims dims = {fourier.out * fourier.out_parts, fourier.in * fourier.in_parts};
  EDGEOPT_TRY(const TensorIndex matrix,
              node.Weight(Tensor::Of(dims, MatrixOf(fourier, {})), "matrix"));
  const TensorIndex spectrum = c.Connected(c.Reshape(moved, shape), matrix, kOmitted);
  shape.back() = Dim::Of(fourier.out);
  shape.push_back(Dim::Of(fourier.out_parts));
  return c.FinishReshape(c.Transpose(c.Reshape(spectrum, shape), back));
}

// --- STFT ---

Result<std::vector<double>> WindowIn(const NodeLowering& node) {
  if (!node.has_input(2)) return std::vector<double>();
  const auto window = node.ConstantIn(2);
  if (!window) return node.Unsupported("a window computed at run time", "give it as a constant");
  return window->ToDoubles();
}

// One filter per part of each output number, as wide as a frame.
Status Stft(NodeLowering& node) {
  EDGEOPT_TRY(const Dims signal, node.InDims(0));
  if (signal.size() != 3) return node.Unsupported("other ranks than 3");
  EDGEOPT_TRY(const int64_t step, IntegerIn(node, 1));
  EDGEOPT_TRY(const auto window, WindowIn(node));
  Fourier fourier;
  EDGEOPT_TRY(fourier.in_parts, PartsOf(node));
  fourier.length = window.empty() ? signal[1] : static_cast<int64_t>(window.size());
  if (node.has_input(3)) {
    EDGEOPT_TRY(fourier.length, IntegerIn(node, 3));
  }
  fourier.in = fourier.length;
  fourier.onesided = node.node().IntOr("onesided", 1) != 0;
  fourier.out = fourier.onesided ? fourier.length / 2 + 1 : fourier.length;
  EDGEOPT_CHECK_OK(CheckLength(node, fourier));
  if (step < 1 || fourier.length > signal[1] ||
      (!window.empty() && static_cast<int64_t>(window.size()) != fourier.length))
    return BadInput("frames of " + std::to_string(fourier.length) + " every " +
                    std::to_string(step) + " do not fit a signal of " + std::to_string(signal[1]) +
                    " and a window of " + std::to_string(window.size()));
  Composer c(node);
  const int64_t filters = fourier.out * fourier.out_parts;
  const Dims dims = {filters, 1, fourier.length, fourier.in_parts};
  EDGEOPT_TRY(const TensorIndex weight,
              node.Weight(Tensor::Of(dims, MatrixOf(fourier, window)), "filters"));
  EDGEOPT_TRY(const TensorIndex bias, node.Bias(node.node().inputs.size(), filters, weight));
  const TensorIndex row = c.Reshape(c.In(0), ir::ToShape({signal[0], 1, signal[1], signal[2]}));
  EDGEOPT_CHECK_OK(c.status());
  const int64_t frames = (signal[1] - fourier.length) / step + 1;
  EDGEOPT_TRY(const TensorIndex result,
              node.TempLike(row, ir::ToShape({signal[0], 1, frames, filters}), "frames"));
  schema::Conv2DOptionsT options;
  options.padding = schema::Padding::VALID;
  options.stride_h = 1;
  options.stride_w = static_cast<int32_t>(step);
  node.file().Add(Op::CONV_2D, {row, weight, bias}, {result}, options);
  return c.FinishReshape(result);
}

constexpr Rule kRules[] = {
    {.op_type = "DFT", .lower = Dft},
    {.op_type = "STFT", .lower = Stft},
};

}  // namespace

Family spectrum() { return {"spectrum", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
