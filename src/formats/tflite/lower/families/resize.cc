// Resize, channels-last. TFLite interpolates linearly or takes the nearest element, in three
// coordinate systems each; scales come from the sizes.
#include <cmath>

#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {
namespace {

struct Coordinates {
  bool align_corners = false, half_pixel_centers = false;
};

Result<Coordinates> CoordinatesOf(const NodeLowering& node) {
  const std::string mode = node.node().StringOr("coordinate_transformation_mode", "half_pixel");
  if (mode == "align_corners") return Coordinates{true, false};
  if (mode == "asymmetric") return Coordinates{false, false};
  if (mode == "half_pixel") return Coordinates{false, true};
  // It differs where the size becomes 1: that is the first pixel then, not the middle.
  const ir::Shape& out = *node.OutType().shape;
  if (mode == "pytorch_half_pixel" && out[1].value != 1 && out[2].value != 1)
    return Coordinates{false, true};
  return node.Unsupported("coordinate_transformation_mode '" + mode + "'",
                          "export with half_pixel, asymmetric or align_corners");
}

// TFLite's nearest: floor(x scale) for asymmetric, floor of the half pixel one + 0.5, round for
// aligned corners. With a whole enlargement no half pixel lies in the middle of two.
Status CheckNearest(const NodeLowering& node, const Coordinates& coordinates,
                    const std::vector<double>& scales) {
  const std::string rounding = node.node().StringOr("nearest_mode", "round_prefer_floor");
  bool whole = true;
  for (const double scale : scales) whole &= scale >= 1 && scale == std::floor(scale);
  if (coordinates.align_corners) {
    if (rounding == "round_prefer_ceil") return OkStatus();
  } else if (coordinates.half_pixel_centers) {
    if (rounding == "round_prefer_ceil" || (whole && rounding == "round_prefer_floor"))
      return OkStatus();
  } else if (rounding == "floor") {
    return OkStatus();
  }
  return node.Unsupported("nearest_mode '" + rounding + "' with these coordinates and scales",
                          "export with asymmetric coordinates and nearest_mode floor");
}

class Resizing {
 public:
  explicit Resizing(NodeLowering& node) : node_(node) {}

  Status Run() {
    if (node_.InRank() != 4) return node_.Unsupported("other ranks than 4");
    if (node_.node().IntOr("antialias", 0) != 0) return node_.Unsupported("antialias");
    EDGEOPT_CHECK_OK(ReadSizes());
    EDGEOPT_TRY(const Coordinates coordinates, CoordinatesOf(node_));
    const std::string mode = node_.node().StringOr("mode", "nearest");
    if (mode == "linear")
      return Add<schema::ResizeBilinearOptionsT>(Op::RESIZE_BILINEAR, coordinates);
    if (mode != "nearest") return node_.Unsupported("mode '" + mode + "'");
    EDGEOPT_CHECK_OK(CheckNearest(node_, coordinates, scales_));
    return Add<schema::ResizeNearestNeighborOptionsT>(Op::RESIZE_NEAREST_NEIGHBOR, coordinates);
  }

 private:
  // Height and width; batch and channels stay.
  Status ReadSizes() {
    for (const int64_t axis : {int64_t{1}, int64_t{2}}) {
      const auto in = node_.InDim(0, axis);
      const auto out = (*node_.OutType().shape)[static_cast<size_t>(axis)].value;
      if (!in || !out)
        return node_.Unsupported("a size that is known at run time only",
                                 "fix the sizes of the model's inputs with --shape");
      sizes_.push_back(*out);
      scales_.push_back(static_cast<double>(*out) / static_cast<double>(*in));
    }
    return CheckScales();
  }

  // A scale that does not give the size exactly would move the coordinates.
  Status CheckScales() const {
    if (!node_.has_input(2) || node_.has_input(3)) return OkStatus();
    const auto given = node_.ConstantIn(2);
    if (!given || given->size() != 4) return OkStatus();
    EDGEOPT_TRY(const auto scales, given->ToDoubles());
    for (size_t i = 0; i < 2; ++i)
      if (std::fabs(scales[i + 2] - scales_[i]) > 1e-6 * scales_[i])
        return node_.Unsupported("a scale of " + std::to_string(scales[i + 2]) +
                                     " that is not the ratio of the sizes, " +
                                     std::to_string(scales_[i]),
                                 "give sizes instead of scales");
    return OkStatus();
  }

  template <typename Options>
  Status Add(Op op, const Coordinates& coordinates) {
    EDGEOPT_TRY(const TensorIndex input, node_.In(0));
    EDGEOPT_TRY(const TensorIndex size, node_.Ints(sizes_, "size"));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    Options options;
    options.align_corners = coordinates.align_corners;
    options.half_pixel_centers = coordinates.half_pixel_centers;
    node_.file().Add(op, {input, size}, {output}, options);
    return OkStatus();
  }

  NodeLowering& node_;
  std::vector<int64_t> sizes_;
  std::vector<double> scales_;
};

Status Resize(NodeLowering& node) { return Resizing(node).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "Resize",
     .lower = Resize,
     .layout = Layout::kNhwc,
     .integer = true,
     .same_scale = true},
};

}  // namespace

Family resize() { return {"resize", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
