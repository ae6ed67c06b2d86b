// Resize, channels-last. TFLite interpolates linearly or takes the nearest element, in three
// coordinate systems each, with scales that come from the sizes. Everything else is done axis by
// axis: nearest elements are gathered, weighted sums are products with a constant matrix.
#include <algorithm>
#include <cmath>

#include "formats/tflite/lower/compose.h"
#include "formats/tflite/lower/interpolation.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dim;
using ir::Tensor;

// Of a matrix of weights, 64 MiB of floats.
constexpr int64_t kMostWeights = 1 << 24;

struct Coordinates {
  bool align_corners = false, half_pixel_centers = false;
};

class Resizing {
 public:
  explicit Resizing(NodeLowering& node) : node_(node), sampling_(ResamplingOf(node.node())) {}

  Status Run() {
    EDGEOPT_TRY(axes_, ResizedAxesOf(node_));
    std::erase_if(axes_, [](const ResizedAxis& axis) { return !axis.changes(); });
    if (axes_.empty()) {
      Composer c(node_);
      return c.FinishReshape(c.In(0));
    }
    const auto coordinates = NativeCoordinates();
    const bool linear = sampling_.mode == "linear";
    if (coordinates && linear)
      return AddNative<schema::ResizeBilinearOptionsT>(Op::RESIZE_BILINEAR, *coordinates);
    if (coordinates && sampling_.mode == "nearest" && RoundsAlike(*coordinates))
      return AddNative<schema::ResizeNearestNeighborOptionsT>(Op::RESIZE_NEAREST_NEIGHBOR,
                                                              *coordinates);
    if (sampling_.mode == "nearest" && sampling_.coordinates != "tf_crop_and_resize")
      return Gather();
    if (node_.quantized())
      return node_.Unsupported("mode '" + sampling_.mode + "' with these coordinates in int8",
                               "leave the node in float with --exclude");
    return Weigh();
  }

 private:
  // Height and width of images, by scales that are the ratio of the sizes.
  std::optional<Coordinates> NativeCoordinates() const {
    if (node_.InRank() != 4 || sampling_.antialias) return std::nullopt;
    for (const ResizedAxis& axis : axes_) {
      const double ratio = static_cast<double>(axis.out) / static_cast<double>(axis.in);
      if (axis.axis == 0 || axis.axis == 3 || std::fabs(axis.scale - ratio) > 1e-6 * ratio)
        return std::nullopt;
    }
    const std::string& mode = sampling_.coordinates;
    if (mode == "align_corners") return Coordinates{true, false};
    if (mode == "asymmetric") return Coordinates{false, false};
    // Of these, one differs where the size becomes 1, the other where the scale is no ratio.
    const bool single = std::ranges::any_of(axes_, [](const auto& axis) { return axis.out == 1; });
    if (mode == "half_pixel" || mode == "half_pixel_symmetric" ||
        (mode == "pytorch_half_pixel" && !single))
      return Coordinates{false, true};
    return std::nullopt;
  }

  // TFLite's nearest: floor(x scale) for asymmetric, floor of the half pixel one + 0.5, round for
  // aligned corners. With a whole enlargement no half pixel lies in the middle of two.
  bool RoundsAlike(const Coordinates& coordinates) const {
    const std::string& rounding = sampling_.rounding;
    if (coordinates.align_corners) return rounding == "round_prefer_ceil";
    if (!coordinates.half_pixel_centers) return rounding == "floor";
    const bool whole = std::ranges::all_of(axes_, [](const ResizedAxis& axis) {
      return axis.scale >= 1 && axis.scale == std::floor(axis.scale);
    });
    return rounding == "round_prefer_ceil" || (whole && rounding == "round_prefer_floor");
  }

  template <typename Options>
  Status AddNative(Op op, const Coordinates& coordinates) {
    const ir::Shape& out = *node_.OutType().shape;
    if (!out[1].value || !out[2].value)
      return node_.Unsupported("a size that is known at run time only",
                               "fix the sizes of the model's inputs with --shape");
    EDGEOPT_TRY(const TensorIndex input, node_.In(0));
    EDGEOPT_TRY(const TensorIndex size, node_.Ints({*out[1].value, *out[2].value}, "size"));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    Options options;
    options.align_corners = coordinates.align_corners;
    options.half_pixel_centers = coordinates.half_pixel_centers;
    node_.file().Add(op, {input, size}, {output}, options);
    return OkStatus();
  }

  Status Gather() {
    Composer c(node_);
    TensorIndex x = c.In(0);
    for (size_t i = 0; i < axes_.size(); ++i) {
      const auto indices = NearestOf(sampling_, axes_[i]);
      const TensorIndex places = c.Constant(Tensor::Of({axes_[i].out}, indices));
      if (i + 1 == axes_.size()) return c.FinishGather(x, places, axes_[i].axis);
      x = c.Gather(x, places, axes_[i].axis);
    }
    return c.status();
  }

  Status Weigh() {
    Composer c(node_);
    TensorIndex x = c.In(0);
    std::vector<AxisWeights> all;
    for (const ResizedAxis& axis : axes_) {
      if (axis.in > kMostWeights / axis.out)
        return node_.Unsupported("weights from " + std::to_string(axis.in) + " to " +
                                 std::to_string(axis.out) + " elements");
      all.push_back(WeightsOf(sampling_, axis));
      x = Product(c, all.back(), axis, x);
    }
    if (const auto extrapolated = Extrapolated(all))
      return c.Finish(Op::ADD, x, c.Constant(*extrapolated));
    return c.FinishReshape(x);
  }

  // [before, in, behind] to [before, out, behind].
  TensorIndex Product(Composer& c, const AxisWeights& weights, const ResizedAxis& axis,
                      TensorIndex x) const {
    if (!c.status().ok()) return x;
    const TensorIndex matrix = c.Constant(Tensor::Of({1, axis.out, axis.in}, weights.weights));
    ir::Shape shape = node_.file().ShapeOf(x);
    const auto at = shape.begin() + axis.axis;
    const auto product = [](auto first, auto last) {
      Dim all = Dim::Of(1);
      for (; first != last && all.value; ++first)
        all.value = first->value ? std::optional(*all.value * *first->value) : std::nullopt;
      return all;
    };
    const Dim before = product(shape.begin(), at), behind = product(at + 1, shape.end());
    const TensorIndex flat = c.Reshape(x, {before, Dim::Of(axis.in), behind});
    *at = Dim::Of(axis.out);
    return c.Reshape(c.MatMul(matrix, flat), shape);
  }

  // What has to be added where a place lies outside along any axis: the sums are 0 there.
  std::optional<Tensor> Extrapolated(const std::vector<AxisWeights>& all) const {
    if (sampling_.extrapolated == 0) return std::nullopt;
    ir::Dims dims(static_cast<size_t>(node_.InRank()), 1);
    for (const ResizedAxis& axis : axes_) dims[static_cast<size_t>(axis.axis)] = axis.out;
    std::vector<float> values(static_cast<size_t>(*ir::ElementCount(dims)), 0);
    bool any = false;
    for (size_t i = 0; i < values.size(); ++i) {
      size_t rest = i;
      bool outside = false;
      for (size_t axis = dims.size(); axis-- > 0;) {
        const size_t place = rest % static_cast<size_t>(dims[axis]);
        rest /= static_cast<size_t>(dims[axis]);
        for (size_t k = 0; k < axes_.size(); ++k)
          outside |= static_cast<size_t>(axes_[k].axis) == axis && all[k].outside[place];
      }
      if (outside) values[i] = static_cast<float>(sampling_.extrapolated);
      any |= outside;
    }
    return any ? std::optional(Tensor::Of(dims, values)) : std::nullopt;
  }

  NodeLowering& node_;
  Resampling sampling_;
  std::vector<ResizedAxis> axes_;  // that change
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
