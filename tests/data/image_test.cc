// Decoding against Pillow's recorded pixels, and files that are no whole images.
#include "data/image.h"

#include <gtest/gtest.h>

#include "data/image_codecs.h"
#include "data/test_files.h"

namespace edgeopt::data {
namespace {

Buffer Read(const std::string& name) { return Buffer::Map(Oracle(name)).value(); }

void ExpectPixels(const Result<Image>& image, const ir::Tensor& expected) {
  ASSERT_TRUE(image.ok()) << image.error().ToString();
  ASSERT_EQ(image->height, expected.dims()[0]);
  ASSERT_EQ(image->width, expected.dims()[1]);
  ASSERT_EQ(image->channels, expected.rank() == 3 ? expected.dims()[2] : 1);
  const auto pixels = expected.as<uint8_t>();
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), image->pixels.begin()));
}

TEST(DecodeImage, GivesPillowsPixels) {
  int files = 0;
  for (const auto& [name, expected] : ReadOracle("expected_images.npz")) {
    if (!name.starts_with("decoded/")) continue;
    SCOPED_TRACE(name);
    ExpectPixels(DecodeImage(Read(name.substr(8))), expected);
    ++files;
  }
  EXPECT_EQ(files, 16);
}

TEST(DecodeImage, TurnsByExifOnlyWhenAsked) {
  auto oracle = ReadOracle("expected_images.npz");
  ExpectPixels(DecodeImage(Read("jpeg_turned.jpg"), true), oracle["upright/jpeg_turned.jpg"]);
  ExpectPixels(DecodeImage(Read("jpeg_turned.jpg"), false), oracle["decoded/jpeg_turned.jpg"]);
}

TEST(DecodeIndices, GivesPaletteIndicesAndRefusesColors) {
  auto oracle = ReadOracle("expected_images.npz");
  ExpectPixels(DecodeIndices(Read("png_palette.png")), oracle["indices/png_palette.png"]);
  ExpectPixels(DecodeIndices(Read("png_grey.png")), oracle["decoded/png_grey.png"]);
  ExpectError(DecodeIndices(Read("png_rgb.png")), ErrorCode::kBadInput, {"colors"});
  ExpectError(DecodeIndices(Read("jpeg_grey.jpg")), ErrorCode::kBadInput, {"no PNG"});
}

TEST(ToGrey, IsPillowsLuma) {
  auto oracle = ReadOracle("expected_images.npz");
  ExpectPixels(ToGrey(ImageOf(oracle["decoded/png_rgb.png"])), oracle["grey/png_rgb.png"]);
}

TEST(ReadImageSize, AgreesWithDecoding) {
  for (const char* name :
       {"jpeg_420.jpg", "jpeg_progressive.jpg", "jpeg_cmyk.jpg", "png_16.png", "png_bits.png"}) {
    const auto size = ReadImageSize(Read(name));
    ASSERT_TRUE(size.ok());
    EXPECT_EQ(size->width, 41);
    EXPECT_EQ(size->height, 29);
  }
}

// Wherever a file is cut, it is refused: no picture with a grey rest.
TEST(DecodeImage, RefusesEveryCutFile) {
  for (const char* name : {"jpeg_420.jpg", "jpeg_progressive.jpg", "jpeg_grey.jpg", "png_rgb.png",
                           "png_palette.png", "png_interlaced.png"}) {
    const Buffer whole = Read(name);
    // A PNG's last 12 bytes, IEND, hold no pixels, nor do the 4 of the checksum before.
    const size_t needed = std::string(name).starts_with("png") ? whole.size() - 16 : whole.size();
    for (size_t size = 0; size < needed; size += 1 + size / 40) {
      const auto image = DecodeImage(Buffer::Copy(whole.data(), size));
      ASSERT_FALSE(image.ok()) << name << " cut to " << size;
      EXPECT_EQ(image.error().code, ErrorCode::kBadInput);
    }
  }
}

TEST(DecodeImage, RefusesDamage) {
  std::string png(Read("png_rgb.png").text());
  png[png.size() / 2] ^= 0x55;
  ExpectError(DecodeImage(Buffer::Own(png)), ErrorCode::kBadInput, {"damaged"});
}

TEST(DecodeImage, NamesOtherFormats) {
  ExpectError(DecodeImage(Buffer::Own(std::string("GIF89a........."))), ErrorCode::kBadInput,
              {"neither JPEG nor PNG", "GIF"});
  ExpectError(DecodeImage(Buffer()), ErrorCode::kBadInput, {"empty"});
}

TEST(DecodeImage, RefusesImagesThatClaimAllMemory) {
  std::string png(Read("png_rgb.png").text());
  png.replace(16, 8, std::string("\x00\x01\x00\x00\x00\x01\x00\x00", 8));  // 65536 x 65536
  ExpectError(DecodeImage(Buffer::Own(png)), ErrorCode::kBadInput, {"65536 x 65536", "178956970"});
  EXPECT_TRUE(CheckImageSize(13377, 13377).ok());
  EXPECT_FALSE(CheckImageSize(13378, 13378).ok());
  EXPECT_FALSE(CheckImageSize(0, 5).ok());
}

TEST(Crop, FillsWhatIsOutside) {
  Image image = MakeImage(3, 2, 1);
  image.pixels = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Crop(image, 1, 0, 2, 2).pixels, (std::vector<uint8_t>{2, 3, 5, 6}));
  EXPECT_EQ(Crop(image, -1, -1, 3, 3, 9).pixels, (std::vector<uint8_t>{9, 9, 9, 9, 1, 2, 9, 4, 5}));
  EXPECT_EQ(Crop(image, 5, 5, 1, 2, 7).pixels, (std::vector<uint8_t>{7, 7}));
}

TEST(SniffImage, GoesByContent) {
  EXPECT_EQ(SniffImage(Read("jpeg_420.jpg").text()), ImageFormat::kJpeg);
  EXPECT_EQ(SniffImage(Read("png_rgb.png").text()), ImageFormat::kPng);
  EXPECT_EQ(SniffImage("RIFF"), ImageFormat::kUnknown);
  EXPECT_TRUE(HasImageName("A.JPEG"));
  EXPECT_FALSE(HasImageName("._a.jpg.txt"));
  EXPECT_FALSE(HasImageName(".png"));
}

}  // namespace
}  // namespace edgeopt::data
