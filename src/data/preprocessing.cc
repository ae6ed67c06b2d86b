// From an image to a tensor, as one entry of the description says.
#include "data/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"
#include "data/image_codecs.h"

namespace edgeopt::data {
namespace {

// Python's round(): half to even.
int RoundHalfEven(double value) { return static_cast<int>(std::nearbyint(value)); }

struct Placement {
  std::array<double, 2> scale{1, 1};   // x, y
  std::array<double, 2> offset{0, 0};  // model = original * scale + offset
  void Scale(double x, double y) {
    scale[0] *= x, scale[1] *= y;
    offset[0] *= x, offset[1] *= y;
  }
  void Shift(int x, int y) { offset[0] += x, offset[1] += y; }
};

// Part of both sides, around the center: TensorFlow's central_crop.
Image CropFraction(const Image& image, double fraction, Placement& placement) {
  const int left = static_cast<int>((image.width - image.width * fraction) / 2);
  const int top = static_cast<int>((image.height - image.height * fraction) / 2);
  placement.Shift(-left, -top);
  return Crop(image, left, top, image.width - 2 * left, image.height - 2 * top);
}

// torchvision's CenterCrop: the offset rounded half to even; an image that is too small is padded,
// an odd rest on the right and below.
int CenterOffset(int size, int crop) {
  return crop > size ? -((crop - size) / 2) : RoundHalfEven((size - crop) / 2.0);
}
Image CropCenter(const Image& image, int width, int height, Placement& placement) {
  const int left = CenterOffset(image.width, width), top = CenterOffset(image.height, height);
  placement.Shift(-left, -top);
  return Crop(image, left, top, width, height);
}

Result<Image> ScaleTo(const Image& image, int width, int height, const ResizeRule& rule,
                      Placement& placement) {
  if (width < 1 || height < 1)
    return BadInput("an image of " + std::to_string(image.width) + " x " +
                    std::to_string(image.height) + " pixels would be scaled to nothing");
  placement.Scale(static_cast<double>(width) / image.width,
                  static_cast<double>(height) / image.height);
  return Resize(image, width, height, rule.filter, rule.arithmetic);
}

// The usual letterbox of YOLO: sizes rounded half to even, an odd bar smaller on the left and top.
Result<Image> Letterbox(const Image& image, const ResizeRule& rule, Placement& placement) {
  double factor = std::min(static_cast<double>(rule.width) / image.width,
                           static_cast<double>(rule.height) / image.height);
  if (!rule.enlarge) factor = std::min(factor, 1.0);
  const int width = RoundHalfEven(image.width * factor);
  const int height = RoundHalfEven(image.height * factor);
  EDGEOPT_TRY(const Image scaled, ScaleTo(image, width, height, rule, placement));
  // (bar / 2) - 0.1, rounded: a half goes down.
  const auto bar = [&](int room) { return rule.center ? RoundHalfEven(room / 2.0 - 0.1) : 0; };
  const int left = bar(rule.width - width), top = bar(rule.height - height);
  placement.Shift(left, top);
  return Crop(scaled, -left, -top, rule.width, rule.height, static_cast<uint8_t>(rule.pad));
}

Result<Image> ApplyResize(const Image& image, const ResizeRule& rule, Placement& placement) {
  switch (rule.mode) {
    case ResizeRule::Mode::kStretch:
      return ScaleTo(image, rule.width, rule.height, rule, placement);
    case ResizeRule::Mode::kLetterbox:
      return Letterbox(image, rule, placement);
    case ResizeRule::Mode::kShorterSide:
      break;
  }
  const int64_t shorter = std::min(image.width, image.height);
  const int width = static_cast<int>(int64_t{rule.shorter} * image.width / shorter);
  const int height = static_cast<int>(int64_t{rule.shorter} * image.height / shorter);
  EDGEOPT_CHECK_OK(CheckImageSize(width, height));
  return ScaleTo(image, width, height, rule, placement);
}

// (x * scale - mean) / std of each level, computed in double and rounded once.
template <typename T, typename Convert>
std::vector<std::array<T, 256>> Levels(const InputPreprocessing& rule, int channels,
                                       Convert convert) {
  std::vector<std::array<T, 256>> levels(static_cast<size_t>(channels));
  const auto of = [](const std::vector<double>& values, size_t channel, double otherwise) {
    return values.empty() ? otherwise : values.size() == 1 ? values[0] : values[channel];
  };
  for (size_t c = 0; c < levels.size(); ++c)
    for (size_t x = 0; x < 256; ++x)
      levels[c][x] =
          convert((static_cast<double>(x) * rule.scale - of(rule.mean, c, 0)) / of(rule.std, c, 1));
  return levels;
}

template <typename T, typename Convert>
Buffer Fill(const InputPreprocessing& rule, const Image& image, Convert convert) {
  const auto channels = static_cast<size_t>(image.channels);
  const auto levels = Levels<T>(rule, image.channels, convert);
  const size_t area = image.pixels.size() / channels;
  std::vector<std::byte> bytes(image.pixels.size() * sizeof(T));
  for (size_t c = 0; c < channels; ++c) {
    const size_t source_channel = rule.color == ColorOrder::kBgr ? channels - 1 - c : c;
    const uint8_t* source = image.pixels.data() + source_channel;
    const bool planar = rule.layout == Layout::kNchw;
    std::byte* target = bytes.data() + (planar ? c * area : c) * sizeof(T);
    const size_t step = (planar ? 1 : channels) * sizeof(T);
    for (size_t i = 0; i < area; ++i, source += channels, target += step)
      std::memcpy(target, &levels[c][*source], sizeof(T));
  }
  return Buffer::Own(std::move(bytes));
}

template <typename T>
T Saturated(double value) {
  return static_cast<T>(std::clamp<double>(std::nearbyint(value), std::numeric_limits<T>::min(),
                                           std::numeric_limits<T>::max()));
}

Result<Buffer> Elements(const InputPreprocessing& rule, const Image& image) {
  switch (rule.type) {
    case ir::DataType::kFloat32:
      return Fill<float>(rule, image, [](double v) { return static_cast<float>(v); });
    case ir::DataType::kFloat16:
      return Fill<uint16_t>(rule, image,
                            [](double v) { return FloatToHalf(static_cast<float>(v)); });
    case ir::DataType::kUint8:
      return Fill<uint8_t>(rule, image, Saturated<uint8_t>);
    case ir::DataType::kInt8:
      return Fill<int8_t>(rule, image, Saturated<int8_t>);
    default:
      return Unsupported("preprocessing makes no " + std::string(ir::Name(rule.type)) + " tensors",
                         "choose float32, float16, uint8 or int8");
  }
}

}  // namespace

const InputPreprocessing* Preprocessing::For(std::string_view input) const {
  for (const InputPreprocessing& rule : inputs)
    if (rule.name == input) return &rule;
  // An entry without a name is for the model's only input, whatever that is called.
  return inputs.size() == 1 && inputs[0].name.empty() ? inputs.data() : nullptr;
}

Result<Preprocessed> Preprocess(const InputPreprocessing& rule, const Image& image) {
  Preprocessed result;
  result.original_width = image.width;
  result.original_height = image.height;
  Placement placement;
  Image current = rule.color == ColorOrder::kGrey ? ToGrey(image) : ToRgb(image);
  if (rule.crop_fraction) current = CropFraction(current, *rule.crop_fraction, placement);
  if (rule.resize) {
    EDGEOPT_TRY(current, ApplyResize(current, *rule.resize, placement));
  }
  if (rule.crop) current = CropCenter(current, (*rule.crop)[0], (*rule.crop)[1], placement);
  EDGEOPT_TRY(const Buffer elements, Elements(rule, current));
  ir::Dims dims = {current.height, current.width, current.channels};
  if (rule.layout == Layout::kNchw) dims = {current.channels, current.height, current.width};
  if (rule.layout == Layout::kFlat) dims = {static_cast<int64_t>(current.pixels.size())};
  EDGEOPT_TRY(result.input, ir::Tensor::Make(rule.type, dims, elements));
  result.input.name = rule.name;
  result.transform = {
      static_cast<float>(placement.scale[0]), static_cast<float>(placement.scale[1]),
      static_cast<float>(placement.offset[0]), static_cast<float>(placement.offset[1])};
  return result;
}

}  // namespace edgeopt::data
