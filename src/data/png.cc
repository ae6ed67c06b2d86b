// PNG by libpng.
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "data/image_codecs.h"

namespace edgeopt::data {
namespace {

// Owns libpng's structures. libpng reports errors by longjmp, which must not jump over destructors:
// each function that calls setjmp keeps no object of its own.
class PngReader {
 public:
  explicit PngReader(std::string_view file) : rest_(file) {}
  ~PngReader() { png_destroy_read_struct(&png_, info_ ? &info_ : nullptr, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Everything before the pixels.
  bool ReadHeader() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, OnError, OnWarning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, OnRead);
    png_read_info(png_, info_);
    return true;
  }
  // Sets up the conversion to 8-bit pixels and tells how many channels they have.
  bool Convert(PngPixels pixels, int* channels) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_interlace_handling(png_);
    if (pixels == PngPixels::kIndices) {
      png_set_packing(png_);  // one index a byte
    } else {
      if (color_type() == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
      if (color_type() == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
      png_set_strip_16(png_);
      png_set_strip_alpha(png_);
    }
    png_read_update_info(png_, info_);
    *channels = png_get_channels(png_, info_);
    return true;
  }
  bool ReadRows(png_bytep* rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    return true;
  }

  uint32_t width() const { return png_get_image_width(png_, info_); }
  uint32_t height() const { return png_get_image_height(png_, info_); }
  int color_type() const { return png_get_color_type(png_, info_); }
  int bit_depth() const { return png_get_bit_depth(png_, info_); }
  size_t row_bytes() const { return png_get_rowbytes(png_, info_); }
  Error error() const {
    return BadInput(std::string("the PNG file is damaged or cut off: ") + why_);
  }

 private:
  [[noreturn]] static void OnError(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->why_, message, sizeof(reader->why_) - 1);
    png_longjmp(png, 1);
  }
  static void OnWarning(png_structp, png_const_charp) {}
  static void OnRead(png_structp png, png_bytep target, size_t length) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (length > reader->rest_.size()) png_error(png, "the file ends too early");
    std::memcpy(target, reader->rest_.data(), length);
    reader->rest_.remove_prefix(length);
  }

  std::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char why_[128] = "out of memory";
};

}  // namespace

Result<ImageSize> ReadPngSize(std::string_view file) {
  // Signature, length, "IHDR", width, height (PNG 1.2, sections 3.1 and 4.1.1).
  if (file.size() < 24 || file.substr(12, 4) != "IHDR")
    return BadInput("the PNG file ends inside its header");
  const auto big32 = [&](size_t i) {
    int64_t value = 0;
    for (size_t k = 0; k < 4; ++k) value = value << 8 | static_cast<uint8_t>(file[i + k]);
    return value;
  };
  EDGEOPT_CHECK_OK(CheckImageSize(big32(16), big32(20)));
  return ImageSize{static_cast<int>(big32(16)), static_cast<int>(big32(20))};
}

Result<Image> DecodePng(const Buffer& file, PngPixels pixels) {
  EDGEOPT_CHECK_OK(ReadPngSize(file.text()));
  PngReader reader(file.text());
  if (!reader.ReadHeader()) return reader.error();
  EDGEOPT_CHECK_OK(CheckImageSize(reader.width(), reader.height()));
  if (pixels == PngPixels::kIndices) {
    if (reader.color_type() != PNG_COLOR_TYPE_PALETTE && reader.color_type() != PNG_COLOR_TYPE_GRAY)
      return BadInput(
          "the PNG file holds colors; a mask must hold class indices (palette or grey)");
    if (reader.bit_depth() == 16)
      return Unsupported("the PNG file holds 16-bit values; class indices of 8 bits are supported");
  }
  int channels = 0;
  if (!reader.Convert(pixels, &channels)) return reader.error();
  const auto width = static_cast<int>(reader.width()), height = static_cast<int>(reader.height());
  Image image = MakeImage(width, height, channels);
  if (reader.row_bytes() * height != image.pixels.size())
    return Internal("libpng's rows are not of 8-bit pixels");
  std::vector<png_bytep> rows(static_cast<size_t>(height));
  for (int y = 0; y < height; ++y) rows[static_cast<size_t>(y)] = image.Row(y);
  if (!reader.ReadRows(rows.data())) return reader.error();
  return image;
}

}  // namespace edgeopt::data
