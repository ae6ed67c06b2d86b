// What images have in common: kinds of files, colors, cutting.
#include "data/image.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "data/image_codecs.h"

namespace edgeopt::data {

Image MakeImage(int width, int height, int channels, uint8_t fill) {
  Image image{width, height, channels, {}};
  image.pixels.assign(static_cast<size_t>(width) * height * channels, fill);
  return image;
}

Status CheckImageSize(int64_t width, int64_t height) {
  if (width <= 0 || height <= 0)
    return BadInput("the image's size is " + std::to_string(width) + " x " +
                    std::to_string(height));
  if (width > kMaxPixels / height)
    return BadInput("the image's size is " + std::to_string(width) + " x " +
                    std::to_string(height) + ", above " + std::to_string(kMaxPixels) + " pixels");
  return OkStatus();
}

ImageFormat SniffImage(std::string_view file) {
  if (file.starts_with("\xFF\xD8\xFF")) return ImageFormat::kJpeg;
  if (file.starts_with("\x89PNG\r\n\x1A\n")) return ImageFormat::kPng;
  return ImageFormat::kUnknown;
}

bool HasImageName(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string extension(file_name.substr(dot + 1));
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == "jpg" || extension == "jpeg" || extension == "png";
}

namespace {

Error NotAnImage(const Buffer& file) {
  const std::string_view start = file.text().substr(0, 12);
  if (start.empty()) return BadInput("the file is empty");
  std::string hint = "convert it to one of them";
  if (start.starts_with("GIF8")) hint = "it is a GIF; " + hint;
  if (start.starts_with("BM")) hint = "it looks like a BMP; " + hint;
  if (start.starts_with("RIFF") && start.ends_with("WEBP")) hint = "it is a WebP; " + hint;
  return BadInput("the file is neither JPEG nor PNG", hint);
}

}  // namespace

Result<ImageSize> ReadImageSize(const Buffer& file) {
  switch (SniffImage(file.text())) {
    case ImageFormat::kJpeg: {
      EDGEOPT_TRY(const JpegHeader header, ReadJpegHeader(file.text()));
      return ImageSize{header.width, header.height};
    }
    case ImageFormat::kPng:
      return ReadPngSize(file.text());
    case ImageFormat::kUnknown:
      break;
  }
  return NotAnImage(file);
}

Result<Image> DecodeImage(const Buffer& file, bool exif_orientation) {
  switch (SniffImage(file.text())) {
    case ImageFormat::kJpeg:
      return DecodeJpeg(file, exif_orientation);
    case ImageFormat::kPng:
      return DecodePng(file, PngPixels::kColors);
    case ImageFormat::kUnknown:
      break;
  }
  return NotAnImage(file);
}

Result<Image> DecodeIndices(const Buffer& file) {
  if (SniffImage(file.text()) != ImageFormat::kPng)
    return BadInput("the file is no PNG; a mask of class indices must be one");
  return DecodePng(file, PngPixels::kIndices);
}

Image ToRgb(const Image& image) {
  if (image.channels == 3) return image;
  Image rgb = MakeImage(image.width, image.height, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    std::memset(&rgb.pixels[3 * i], image.pixels[i], 3);
  return rgb;
}

Image ToGrey(const Image& image) {
  if (image.channels == 1) return image;
  Image grey = MakeImage(image.width, image.height, 1);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    const uint8_t* rgb = &image.pixels[3 * i];
    // 0.299, 0.587, 0.114 in 16-bit fixed point, rounded: Pillow's L24.
    grey.pixels[i] =
        static_cast<uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
  }
  return grey;
}

Image Crop(const Image& image, int left, int top, int width, int height, uint8_t fill) {
  Image out = MakeImage(width, height, image.channels, fill);
  const int first_x = std::max(left, 0), last_x = std::min(left + width, image.width);
  const int first_y = std::max(top, 0), last_y = std::min(top + height, image.height);
  if (first_x >= last_x) return out;
  const auto bytes = static_cast<size_t>(last_x - first_x) * image.channels;
  for (int y = first_y; y < last_y; ++y)
    std::memcpy(out.Row(y - top) + static_cast<size_t>(first_x - left) * image.channels,
                image.Row(y) + static_cast<size_t>(first_x) * image.channels, bytes);
  return out;
}

}  // namespace edgeopt::data
