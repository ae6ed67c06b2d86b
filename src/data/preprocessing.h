// How an image becomes a model's input, read from one TOML file (docs/preprocessing.md), and the
// check that the result is what the model expects.
//
// Order: EXIF orientation (off unless asked for), color, crop by fraction, resize, crop by size,
// then y = (x * scale - mean) / std per channel, the element type, the layout.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/image.h"
#include "ir/tensor.h"

namespace edgeopt::data {

enum class ColorOrder { kRgb, kBgr, kGrey };
// kFlat: one axis of height * width * channels.
enum class Layout { kNchw, kNhwc, kFlat };

struct ResizeRule {
  enum class Mode {
    kStretch,      // to width x height, whatever the aspect ratio
    kShorterSide,  // the shorter side to `shorter`, the other in proportion (rounded down)
    kLetterbox     // into width x height in proportion, the rest filled with `pad`
  };
  Mode mode = Mode::kStretch;
  int width = 0, height = 0, shorter = 0;
  Filter filter = Filter::kBilinear;
  Arithmetic arithmetic = Arithmetic::kPillow;
  int pad = 114;        // gray level of the letterbox's bars
  bool center = true;   // false: the image stands at the top left, all bars right and below
  bool enlarge = true;  // false: a letterbox never scales a small image up
};

// The preprocessing of one input.
struct InputPreprocessing {
  std::string name;  // "": the model's only input
  ColorOrder color = ColorOrder::kRgb;
  bool exif_orientation = false;
  std::optional<double> crop_fraction;  // before resizing; of both sides
  std::optional<ResizeRule> resize;
  std::optional<std::array<int, 2>> crop;  // width, height; after resizing; padded with 0
  double scale = 1;
  std::vector<double> mean, std;               // of the scaled values; one, or one per channel
  ir::DataType type = ir::DataType::kFloat32;  // float32, float16, uint8 or int8
  Layout layout = Layout::kNchw;
  bool allow_raw_range = false;      // the model itself expects 0 to 255
  std::map<std::string, int> lines;  // key -> line of the TOML file; empty when not from a file
};

struct Preprocessing {
  std::vector<InputPreprocessing> inputs;
  std::string source;  // the file's name, for messages; empty: not from a file
  std::string text;    // the file's text, as read (packages carry it along)

  // The entry for that model input; null when there is none.
  const InputPreprocessing* For(std::string_view input) const;
};

// BadInput naming `source`, the line, the key, what was found and what is known.
Result<Preprocessing> ParsePreprocessing(std::string_view toml, std::string source);
Result<Preprocessing> ReadPreprocessing(const std::filesystem::path& path);
// The same description as TOML. Parsing it gives an equal description.
std::string ToToml(const Preprocessing& preprocessing);
// What can be told from the model alone: layout, color, type and, where fixed, size. The scale is
// 1, as nothing in a model tells it: Check() then asks for it where the input is a float type.
InputPreprocessing DefaultPreprocessing(const InputSpec& spec);

struct Preprocessed {
  ir::Tensor input;  // [C, H, W], [H, W, C] or [H * W * C], named as the entry
  // model pixel = original pixel * scale + offset: scale_x, scale_y, offset_x, offset_y.
  std::array<float, 4> transform{1, 1, 0, 0};
  int original_width = 0, original_height = 0;  // after EXIF orientation, if that was asked for
};
// Fails only where the image is too small to be cropped or scaled to at least one pixel.
Result<Preprocessed> Preprocess(const InputPreprocessing& rule, const Image& image);

// Compares a preprocessed input with what the model declares: type, rank, layout, channels, size,
// and whether 0 to 255 reaches a float input unscaled (unless allow_raw_range). BadInput tells
// expected, found and the line of `source` to change.
Status Check(const InputPreprocessing& rule, const ir::Tensor& input, const InputSpec& spec,
             std::string_view source);

}  // namespace edgeopt::data
