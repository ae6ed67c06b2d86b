// JPEG by libjpeg-turbo, with the settings that Pillow leaves at libjpeg's defaults: the slow
// integer DCT and fancy upsampling.
#include <turbojpeg.h>

#include <algorithm>
#include <memory>

#include "data/image_codecs.h"

namespace edgeopt::data {
namespace {

unsigned Byte(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }
unsigned Big16(std::string_view text, size_t i) { return Byte(text, i) << 8 | Byte(text, i + 1); }

// EXIF 2.3, section 4.6: a TIFF header, then the first directory, whose tag 0x0112 (type SHORT) is
// the orientation. 1 (upright) for whatever is not understood: the tag is an optional ornament.
int Orientation(std::string_view exif) {
  if (!exif.starts_with(std::string_view("Exif\0\0", 6))) return 1;
  const std::string_view tiff = exif.substr(6);
  if (tiff.size() < 8) return 1;
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 1;
  const auto get = [&](size_t offset, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i)
      value = value << 8 | Byte(tiff, offset + (little ? bytes - 1 - i : i));
    return value;
  };
  const size_t directory = get(4, 4);
  if (directory > tiff.size() - 2) return 1;
  const size_t entries = get(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) return 1;
    if (get(entry, 2) != 0x0112) continue;
    const uint32_t value = get(entry + 8, 2);
    return get(entry + 2, 2) == 3 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// The image as a viewer shows it (EXIF 2.3, table of tag Orientation).
Image Upright(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool transpose = orientation >= 5;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image out = transpose ? MakeImage(image.height, image.width, image.channels)
                        : MakeImage(image.width, image.height, image.channels);
  uint8_t* target = out.pixels.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int from_x = transpose ? y : x, from_y = transpose ? x : y;
      if (flip_x) from_x = image.width - 1 - from_x;
      if (flip_y) from_y = image.height - 1 - from_y;
      const uint8_t* source = image.Row(from_y) + static_cast<size_t>(from_x) * image.channels;
      target = std::copy_n(source, image.channels, target);
    }
  }
  return out;
}

// Adobe's inverted CMYK, as nearly all CMYK JPEGs have it, to RGB: (255 - ink) * (255 - black).
Image CmykToRgb(const Image& cmyk) {
  Image rgb = MakeImage(cmyk.width, cmyk.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i) {
    const uint8_t* in = &cmyk.pixels[4 * i];
    for (size_t c = 0; c < 3; ++c) {
      // White minus ink, with the product of ink and remaining light rounded as Pillow does it.
      const unsigned product = (255u - in[c]) * in[3] + 128;
      const unsigned ink = (product + (product >> 8)) >> 8;
      rgb.pixels[3 * i + c] = static_cast<uint8_t>(in[3] > ink ? in[3] - ink : 0);
    }
  }
  return rgb;
}

// What libjpeg-turbo warns of although nothing is missing from the picture.
bool Harmless(std::string_view warning) {
  return warning.find("extraneous bytes before marker") != std::string_view::npos;
}

}  // namespace

Result<JpegHeader> ReadJpegHeader(std::string_view file) {
  JpegHeader header;
  size_t at = 2;
  while (true) {
    // Fill bytes of 0xFF may stand before a marker (ITU-T T.81, B.1.1.2).
    while (at + 1 < file.size() && Byte(file, at) == 0xFF && Byte(file, at + 1) == 0xFF) ++at;
    if (at + 4 > file.size()) return BadInput("the JPEG file ends inside its header");
    if (Byte(file, at) != 0xFF) return BadInput("the JPEG file's header is damaged");
    const unsigned marker = Byte(file, at + 1);
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {  // without content
      at += 2;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA)
      return BadInput("the JPEG file has no frame header before its data");
    const size_t length = Big16(file, at + 2);
    if (length < 2 || at + 2 + length > file.size())
      return BadInput("the JPEG file ends inside its header");
    const std::string_view content = file.substr(at + 4, length - 2);
    if (marker == 0xE1 && header.orientation == 1) header.orientation = Orientation(content);
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      if (content.size() < 6) return BadInput("the JPEG file's frame header is too short");
      header.height = static_cast<int>(Big16(content, 1));
      header.width = static_cast<int>(Big16(content, 3));
      header.components = static_cast<int>(Byte(content, 5));
      EDGEOPT_CHECK_OK(CheckImageSize(header.width, header.height));
      return header;
    }
    at += 2 + length;
  }
}

Result<Image> DecodeJpeg(const Buffer& file, bool exif_orientation) {
  EDGEOPT_TRY(const JpegHeader header, ReadJpegHeader(file.text()));
  const int channels = header.components;
  if (channels != 1 && channels != 3 && channels != 4)
    return Unsupported("the JPEG file has " + std::to_string(channels) + " color components");
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) return Internal("libjpeg-turbo can't start a decoder");
  Image image = MakeImage(header.width, header.height, channels);
  const int format = channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_CMYK;
  const int failed =
      tjDecompress2(decoder.get(), reinterpret_cast<const unsigned char*>(file.data()), file.size(),
                    image.pixels.data(), header.width, header.width * channels, header.height,
                    format, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  if (failed != 0) {
    const std::string why = tjGetErrorStr2(decoder.get());
    if (tjGetErrorCode(decoder.get()) != TJERR_WARNING || !Harmless(why))
      return BadInput("the JPEG file is damaged or cut off: " + why);
  }
  if (channels == 4) image = CmykToRgb(image);
  return exif_orientation ? Upright(std::move(image), header.orientation) : image;
}

}  // namespace edgeopt::data
