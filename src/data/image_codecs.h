// The decoders behind data/image.h. The files are untrusted.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "data/image.h"

namespace edgeopt::data {

// Pillow's limit (twice its MAX_IMAGE_PIXELS): a small file must not claim all memory.
inline constexpr int64_t kMaxPixels = 178'956'970;
// BadInput for sizes that are not positive or above the limit.
Status CheckImageSize(int64_t width, int64_t height);

struct JpegHeader {
  int width = 0, height = 0, components = 0;
  int orientation = 1;  // EXIF's, 1 to 8
};
Result<JpegHeader> ReadJpegHeader(std::string_view file);
Result<Image> DecodeJpeg(const Buffer& file, bool exif_orientation);

Result<ImageSize> ReadPngSize(std::string_view file);
enum class PngPixels { kColors, kIndices };
Result<Image> DecodePng(const Buffer& file, PngPixels pixels);

}  // namespace edgeopt::data
