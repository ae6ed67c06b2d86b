// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR, channels first. The nearest element is floor(x
// scale) for asymmetric coordinates, floor of the half pixel one + 0.5, and the rounded one for
// aligned corners.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

template <typename Options>
std::string CoordinatesOf(const Options& options) {
  if (options.align_corners) return "align_corners";
  return options.half_pixel_centers ? "half_pixel" : "asymmetric";
}

Status AddResize(OperatorRaising& op, std::vector<ir::Attribute> attributes) {
  EDGEOPT_TRY(const auto size, op.IntsIn(1));
  if (size.size() != 2) return BadInput("its size has other elements than height and width");
  const ir::Shape shape = op.InShape(0);
  ValueId sizes;
  if (shape[0].value && shape[3].value) {
    sizes = op.Ints({*shape[0].value, *shape[3].value, size[0], size[1]}, "sizes");
  } else {
    sizes = op.Ints(size, "sizes");
    attributes.push_back({"axes", std::vector<int64_t>{2, 3}});
  }
  const ValueId result =
      op.Node("Resize", {op.ChannelsFirst(op.In(0), 4), ir::kNoValue, ir::kNoValue, sizes},
              std::move(attributes));
  return op.Out(op.ChannelsLast(result, 4));
}

Status ResizeBilinear(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ResizeBilinearOptionsT>());
  return AddResize(op, {{"mode", std::string("linear")},
                        {"coordinate_transformation_mode", CoordinatesOf(options)}});
}

Status ResizeNearest(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ResizeNearestNeighborOptionsT>());
  const std::string coordinates = CoordinatesOf(options);
  const char* rounding = coordinates == "asymmetric" ? "floor" : "round_prefer_ceil";
  return AddResize(op, {{"mode", std::string("nearest")},
                        {"coordinate_transformation_mode", coordinates},
                        {"nearest_mode", std::string(rounding)}});
}

constexpr Rule kRules[] = {
    {.op = Op::RESIZE_BILINEAR, .raise = ResizeBilinear, .inputs = 2},
    {.op = Op::RESIZE_NEAREST_NEIGHBOR, .raise = ResizeNearest, .inputs = 2},
};

}  // namespace

Family resize() { return {"resize", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
