// GridSample of images: the pixels around each place of the grid are gathered from the image seen
// as rows of pixels, and weighted.
//
// Source: ONNX's GridSample; its modes "linear" (once "bilinear") and "nearest".
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Dims;
using ir::Tensor;

// One axis of the places: [N, rows, columns, 1] each.
struct Coordinate {
  int64_t size = 0;  // of the image
  TensorIndex low = kOmitted,
              fraction = kOmitted;  // the pixel before the place, and how far from it
};

// One pixel along an axis, and how much of it counts.
struct Pixel {
  TensorIndex index = kOmitted, weight = kOmitted;  // int32; float or kOmitted: all of it
};

class Sampling {
 public:
  explicit Sampling(NodeLowering& node)
      : node_(node),
        c_(node),
        zeros_(node.node().StringOr("padding_mode", "zeros") == "zeros"),
        aligned_(node.node().IntOr("align_corners", 0) != 0) {}

  Status Run() {
    const std::string mode = node_.node().StringOr("mode", "linear");
    const std::string padding = node_.node().StringOr("padding_mode", "zeros");
    nearest_ = mode == "nearest";
    if (!nearest_ && mode != "linear" && mode != "bilinear")
      return node_.Unsupported("mode '" + mode + "'", "export it with mode 'linear'");
    if (padding != "zeros" && padding != "border")
      return node_.Unsupported("padding_mode '" + padding + "'", "export it with 'zeros'");
    EDGEOPT_TRY(dims_, node_.InDims(0));
    if (dims_.size() != 4) return node_.Unsupported("other ranks than 4");
    const auto grid = c_.Split(c_.In(1), 2);
    const Coordinate x = Read(grid[0], dims_[3]), y = Read(grid[1], dims_[2]);
    const TensorIndex image = c_.Transpose(c_.In(0), {0, 2, 3, 1});
    rows_ = c_.Reshape(image, {ir::Dim::Of(dims_[0] * dims_[2] * dims_[3]), ir::Dim::Of(dims_[1])});
    TensorIndex sum = kOmitted;
    for (const bool lower : {false, true})
      for (const bool right : {false, true}) {
        if (nearest_ && (lower || right)) continue;
        const TensorIndex part = Weighted(PixelOf(y, lower), PixelOf(x, right));
        sum = sum == kOmitted ? part : c_.Binary(Op::ADD, sum, part);
      }
    return c_.FinishReshape(c_.Transpose(sum, {0, 3, 1, 2}));
  }

 private:
  // From [-1, 1]: the middles of the outer pixels with align_corners, else their outer edges.
  Coordinate Read(TensorIndex place, int64_t size) {
    const auto pixels = static_cast<double>(size);
    const double scale = aligned_ ? (pixels - 1) / 2 : pixels / 2;
    const TensorIndex at = c_.Binary(Op::ADD, c_.Binary(Op::MUL, place, scale), (pixels - 1) / 2);
    if (nearest_) return {size, c_.Unary(Op::ROUND, at)};
    const TensorIndex low = c_.Unary(Op::FLOOR, at);
    return {size, low, c_.Binary(Op::SUB, at, low)};
  }

  // Pixels outside are those of the edge, or count nothing.
  Pixel PixelOf(const Coordinate& at, bool next) {
    const TensorIndex place = next ? c_.Binary(Op::ADD, at.low, 1.0) : at.low;
    const TensorIndex inside = c_.Binary(Op::MINIMUM, c_.Binary(Op::MAXIMUM, place, 0.0),
                                         static_cast<double>(at.size - 1));
    TensorIndex weight = nearest_ ? kOmitted
                         : next   ? at.fraction
                                  : c_.Binary(Op::SUB, c_.Scalar(1), at.fraction);
    if (zeros_) {
      const TensorIndex whole = weight == kOmitted ? c_.Scalar(1) : weight;
      weight = c_.Select(c_.Compare(Op::EQUAL, place, inside), whole, c_.Scalar(0));
    }
    return {c_.Cast(inside, DataType::kInt32), weight};
  }

  // The pixels [N, rows, columns, C].
  TensorIndex Weighted(const Pixel& y, const Pixel& x) {
    const auto int32 = [&](int64_t value) {
      return c_.Constant(Tensor::Scalar(static_cast<int32_t>(value)));
    };
    std::vector<int32_t> images(static_cast<size_t>(dims_[0]));
    for (size_t n = 0; n < images.size(); ++n)
      images[n] = static_cast<int32_t>(static_cast<int64_t>(n) * dims_[2] * dims_[3]);
    const TensorIndex row =
        c_.Binary(Op::ADD, c_.Binary(Op::MUL, y.index, int32(dims_[3])), x.index);
    const TensorIndex place =
        c_.Binary(Op::ADD, row, c_.Constant(Tensor::Of({dims_[0], 1, 1, 1}, images)));
    ir::Shape places = node_.file().ShapeOf(place);
    if (!places.empty()) places.pop_back();
    TensorIndex pixels = c_.Gather(rows_, c_.Reshape(place, places), 0);
    for (const TensorIndex weight : {y.weight, x.weight})
      if (weight != kOmitted) pixels = c_.Binary(Op::MUL, pixels, weight);
    return pixels;
  }

  NodeLowering& node_;
  Composer c_;
  bool zeros_, aligned_, nearest_ = false;
  Dims dims_;
  TensorIndex rows_ = kOmitted;
};

Status GridSample(NodeLowering& node) { return Sampling(node).Run(); }

constexpr Rule kRules[] = {{.op_type = "GridSample", .lower = GridSample}};

}  // namespace

Family grid_sample() { return {"grid_sample", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
