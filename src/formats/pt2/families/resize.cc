// Upsampling, and channels to space.
#include <cmath>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// How ONNX's Resize takes an interpolation of PyTorch: which input position belongs to an output
// position, and what is between two elements.
struct Mode {
  const char* mode;
  const char* coordinates;
  const char* nearest = nullptr;
};
// floor(i * scale).
constexpr Mode kNearest{"nearest", "asymmetric", "floor"};
// floor((i + 0.5) * scale), as rounding of (i + 0.5) * scale - 0.5.
constexpr Mode kNearestExact{"nearest", "half_pixel", "round_prefer_ceil"};

// By the sizes it shall have, or by factors; `scales` has them for spatial axes alone.
struct Target {
  std::optional<Sizes> sizes;
  std::vector<double> scales;
};

// .vec: output_size or scale_factors. Otherwise output_size, and the factors that it came from as
// scales_d, scales_h, scales_w (or scales).
Result<Target> TargetOf(OperatorLowering& op, const Operand& x, size_t spatial) {
  Target target;
  if (x.shape.size() != spatial + 2)
    return BadInput("its data has rank " + std::to_string(x.rank()) + "; expected " +
                    std::to_string(spatial + 2));
  EDGEOPT_TRY(target.sizes, op.SizesIfAny("output_size"));
  EDGEOPT_TRY(target.scales, op.Floats("scale_factors", {}));
  if (target.scales.empty()) {
    for (const char* name : {"scales", "scales_d", "scales_h", "scales_w"}) {
      if (!op.Has(name)) continue;
      EDGEOPT_TRY(const double scale, op.Float(name, 1));
      target.scales.push_back(scale);
    }
  }
  const bool fits = (target.scales.empty() || target.scales.size() == spatial) &&
                    (!target.sizes || target.sizes->size() == spatial);
  if (!fits || (!target.sizes && target.scales.empty()))
    return BadInput("its output size is not given for " + std::to_string(spatial) + " axes");
  return target;
}

// The factors give the output's size, as the program says it.
bool ScalesFit(const OperatorLowering& op, const Operand& x, const std::vector<double>& scales) {
  const ir::Shape out = op.OutShape();
  for (size_t i = 0; i < scales.size(); ++i) {
    const size_t axis = x.shape.size() - scales.size() + i;
    if (!x.shape[axis].value || axis >= out.size() || !out[axis].value) continue;
    const auto size = static_cast<float>(*x.shape[axis].value) * static_cast<float>(scales[i]);
    if (std::floor(size) != static_cast<float>(*out[axis].value)) return false;
  }
  return true;
}

Status Resize(OperatorLowering& op, const Operand& x, size_t spatial, const Mode& mode) {
  EDGEOPT_TRY(const Target target, TargetOf(op, x, spatial));
  std::vector<ir::Attribute> attributes = {
      {"mode", std::string(mode.mode)},
      {"coordinate_transformation_mode", std::string(mode.coordinates)}};
  if (mode.nearest != nullptr) attributes.push_back({"nearest_mode", std::string(mode.nearest)});
  if (std::string_view(mode.mode) == "cubic") attributes.push_back({"cubic_coeff_a", -0.75F});
  if (!target.scales.empty() && ScalesFit(op, x, target.scales)) {
    std::vector<float> scales = {1, 1};
    for (const double scale : target.scales) scales.push_back(static_cast<float>(scale));
    const auto count = static_cast<int64_t>(scales.size());
    const ValueId factors = op.Constant(ir::Tensor::Of({count}, scales), "scales");
    return op.Out(op.Node("Resize", {x.value, ir::kNoValue, factors}, std::move(attributes)));
  }
  Sizes sizes = {op.SizeOfAxis(x, 0), op.SizeOfAxis(x, 1)};
  if (!target.sizes) return op.Unsupported("factors that do not give the output's size");
  sizes.insert(sizes.end(), target.sizes->begin(), target.sizes->end());
  return op.Out(op.Node("Resize", {x.value, ir::kNoValue, ir::kNoValue, op.Vector(sizes, "sizes")},
                        std::move(attributes)));
}

// .vec calls it input, the others self.
Result<Operand> Data(OperatorLowering& op) { return op.In(op.Has("input") ? "input" : "self"); }

template <size_t kSpatial>
Status Nearest(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, Data(op));
  return Resize(op, x, kSpatial, kNearest);
}
template <size_t kSpatial>
Status NearestExact(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, Data(op));
  return Resize(op, x, kSpatial, kNearestExact);
}
// Linear and cubic.
template <size_t kSpatial>
Status Interpolated(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, Data(op));
  EDGEOPT_TRY(const bool corners, op.Bool("align_corners", false));
  const std::string kind = op.onnx();
  return Resize(op, x, kSpatial, {kind.c_str(), corners ? "align_corners" : "half_pixel"});
}

// [..., C * r * r, H, W] to [..., C, H * r, W * r].
Status PixelShuffle(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t factor, op.Int("upscale_factor", 1));
  if (x.rank() != 3 && x.rank() != 4)
    return op.Unsupported("data of rank " + std::to_string(x.rank()));
  const ValueId data = x.rank() == 4 ? x.value : op.Unsqueeze(x.value, {0});
  const ValueId result =
      op.Node("DepthToSpace", {data}, {{"blocksize", factor}, {"mode", std::string("CRD")}});
  return op.Out(x.rank() == 4 ? result : op.Squeeze(result, {0}));
}

// Axes of x in two parts each, in another order, joined again. `parts`: sizes by part; -1 once.
ValueId Regrouped(OperatorLowering& op, ValueId x, const Sizes& parts,
                  std::vector<int64_t> permutation, const Sizes& joined) {
  return op.Reshape(op.Transpose(op.Reshape(x, parts), std::move(permutation)), joined);
}

// [N, C, H * r, W * r] to [N, C * r * r, H, W], the reverse of PixelShuffle; SpaceToDepth of ONNX
// orders channels in another way.
Status PixelUnshuffle(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t factor, op.Int("downscale_factor", 1));
  if (x.rank() != 4 || !x.shape[1].value || !x.shape[2].value || !x.shape[3].value)
    return op.Unsupported("data " + ir::ToString(x.shape) +
                          "; channels and sizes have to be known");
  const int64_t channels = *x.shape[1].value, height = *x.shape[2].value, width = *x.shape[3].value;
  constexpr int64_t kLargest = 1 << 20;  // factor * factor * channels has to fit
  if (factor < 1 || factor > kLargest || channels > kLargest || height % factor != 0 ||
      width % factor != 0)
    return BadInput("its factor " + std::to_string(factor) + " does not divide data " +
                    ir::ToString(x.shape));
  const Size batch = op.SizeOfAxis(x, 0);
  return op.Out(Regrouped(
      op, x.value, {batch, channels, height / factor, factor, width / factor, factor},
      {0, 1, 3, 5, 2, 4}, {batch, channels * factor * factor, height / factor, width / factor}));
}

// Channels [groups, C / groups] with the two axes exchanged.
Status ChannelShuffle(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t groups, op.Int("groups", 1));
  if (x.rank() != 4 || !x.shape[1].value) return op.Unsupported("data " + ir::ToString(x.shape));
  const int64_t channels = *x.shape[1].value;
  if (groups < 1 || channels % groups != 0)
    return BadInput("its " + std::to_string(groups) + " groups do not divide " +
                    std::to_string(channels) + " channels");
  const Sizes sizes = op.SizesOfShape(x);
  return op.Out(Regrouped(op, x.value, {sizes[0], groups, channels / groups, sizes[2], sizes[3]},
                          {0, 2, 1, 3, 4}, sizes));
}

Status GridSampler(OperatorLowering& op) {
  constexpr const char* kModes[] = {"bilinear", "nearest", "bicubic"};
  constexpr const char* kPaddings[] = {"zeros", "border", "reflection"};
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const Operand grid, op.In("grid"));
  EDGEOPT_TRY(const int64_t mode, op.Int("interpolation_mode", 0));
  EDGEOPT_TRY(const int64_t padding, op.Int("padding_mode", 0));
  EDGEOPT_TRY(const bool corners, op.Bool("align_corners", false));
  if (x.rank() != 4) return op.Unsupported("data of rank " + std::to_string(x.rank()));
  if (mode < 0 || mode > 2 || padding < 0 || padding > 2)
    return BadInput("its modes " + std::to_string(mode) + " and " + std::to_string(padding) +
                    " are not known");
  return op.Out(op.Node("GridSample", {x.value, grid.value},
                        {{"mode", std::string(kModes[mode])},
                         {"padding_mode", std::string(kPaddings[padding])},
                         {"align_corners", int64_t{corners}}}));
}

constexpr Rule kRules[] = {
    {.target = "aten._upsample_nearest_exact1d.default", .lower = NearestExact<1>},
    {.target = "aten._upsample_nearest_exact1d.vec", .lower = NearestExact<1>},
    {.target = "aten._upsample_nearest_exact2d.default", .lower = NearestExact<2>},
    {.target = "aten._upsample_nearest_exact2d.vec", .lower = NearestExact<2>},
    {.target = "aten._upsample_nearest_exact3d.default", .lower = NearestExact<3>},
    {.target = "aten._upsample_nearest_exact3d.vec", .lower = NearestExact<3>},
    {.target = "aten.channel_shuffle.default", .lower = ChannelShuffle},
    {.target = "aten.grid_sampler.default", .lower = GridSampler},
    {.target = "aten.grid_sampler_2d.default", .lower = GridSampler},
    {.target = "aten.pixel_shuffle.default", .lower = PixelShuffle},
    {.target = "aten.pixel_unshuffle.default", .lower = PixelUnshuffle},
    {.target = "aten.upsample_bicubic2d.default", .lower = Interpolated<2>, .onnx = "cubic"},
    {.target = "aten.upsample_bicubic2d.vec", .lower = Interpolated<2>, .onnx = "cubic"},
    {.target = "aten.upsample_bilinear2d.default", .lower = Interpolated<2>, .onnx = "linear"},
    {.target = "aten.upsample_bilinear2d.vec", .lower = Interpolated<2>, .onnx = "linear"},
    {.target = "aten.upsample_linear1d.default", .lower = Interpolated<1>, .onnx = "linear"},
    {.target = "aten.upsample_linear1d.vec", .lower = Interpolated<1>, .onnx = "linear"},
    {.target = "aten.upsample_nearest1d.default", .lower = Nearest<1>},
    {.target = "aten.upsample_nearest1d.vec", .lower = Nearest<1>},
    {.target = "aten.upsample_nearest2d.default", .lower = Nearest<2>},
    {.target = "aten.upsample_nearest2d.vec", .lower = Nearest<2>},
    {.target = "aten.upsample_nearest3d.default", .lower = Nearest<3>},
    {.target = "aten.upsample_nearest3d.vec", .lower = Nearest<3>},
    {.target = "aten.upsample_trilinear3d.default", .lower = Interpolated<3>, .onnx = "linear"},
    {.target = "aten.upsample_trilinear3d.vec", .lower = Interpolated<3>, .onnx = "linear"},
};

}  // namespace

Family resize() { return {"resize", kRules}; }

}  // namespace edgeopt::formats::pt2
