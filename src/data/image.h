// 8-bit images in memory: decoding JPEG and PNG as Pillow does, and resizing with Pillow's or
// OpenCV's arithmetic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::data {

// Row major, channels interleaved: pixels[(y * width + x) * channels + c].
struct Image {
  int width = 0, height = 0;
  int channels = 0;  // 1: grey (or palette indices), 3: red, green, blue
  std::vector<uint8_t> pixels;

  const uint8_t* Row(int y) const { return &pixels[static_cast<size_t>(y) * width * channels]; }
  uint8_t* Row(int y) { return &pixels[static_cast<size_t>(y) * width * channels]; }
};
Image MakeImage(int width, int height, int channels, uint8_t fill = 0);

enum class ImageFormat { kUnknown, kJpeg, kPng };
// By the first bytes, whatever the file is called.
ImageFormat SniffImage(std::string_view file);
// .jpg, .jpeg, .png in either case: which files of a folder are images.
bool HasImageName(std::string_view file_name);

struct ImageSize {
  int width = 0, height = 0;
};
// From the header alone.
Result<ImageSize> ReadImageSize(const Buffer& file);

// Grey files give 1 channel, all others 3: palettes are looked up, transparency is dropped, 16-bit
// samples lose their low byte, CMYK and YCCK become RGB - as Pillow's convert() does it (save for
// 16-bit grey, which Pillow clips at 255).
// `exif_orientation`: turn a JPEG as its EXIF tag says. BadInput for a file that is no whole JPEG
// or PNG; images above 178,956,970 pixels (Pillow's limit) are refused.
Result<Image> DecodeImage(const Buffer& file, bool exif_orientation = false);
// Of a palette or grey PNG: the indices or grey levels themselves, 1 channel.
Result<Image> DecodeIndices(const Buffer& file);

// 3 channels from 1, or 1 from 3 (ITU-R 601-2 luma in Pillow's fixed point).
Image ToRgb(const Image& image);
Image ToGrey(const Image& image);

enum class Filter { kNearest, kBox, kBilinear, kBicubic, kLanczos, kArea };
// Pillow: two passes in fixed point, the filter widened when an image shrinks (no aliasing).
// OpenCV: the filter never widens. Of the filters, Pillow lacks area; OpenCV lacks box and lanczos
// (its own, of 8 taps, is another filter).
enum class Arithmetic { kPillow, kOpencv };
// Requires positive sizes. Unsupported for a filter that the arithmetic lacks.
Result<Image> Resize(const Image& image, int width, int height, Filter filter,
                     Arithmetic arithmetic);

// The part of the image that starts at (left, top), which may lie outside of it; what is outside is
// filled with `fill`.
Image Crop(const Image& image, int left, int top, int width, int height, uint8_t fill = 0);

}  // namespace edgeopt::data
