// IDX files, plain and gzip, of every element type; damaged and lying ones.
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/idx_file.h"
#include "data/test_files.h"

namespace edgeopt::data {
namespace {

std::string Idx(int type, const std::vector<uint32_t>& dims, const std::string& data) {
  std::string file = {0, 0, static_cast<char>(type), static_cast<char>(dims.size())};
  for (const uint32_t dim : dims)
    for (const int shift : {24, 16, 8, 0}) file += static_cast<char>(dim >> shift);
  return file + data;
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Three images of 2 x 2 and their labels.
const std::string kPixels = {0, 1, 2, 3, 10, 11, 12, 13, 100, 101, 102, 127};
const std::string kImages = Idx(8, {3, 2, 2}, kPixels);
const std::string kLabels = Idx(8, {3}, {7, 8, 9});

OpenOptions Options(const std::string& path) {
  OpenOptions options;
  options.path = path;
  return options;
}

TEST(Idx, ReadsImagesAndLabels) {
  for (const bool gzip : {false, true}) {
    Folder folder;
    const std::string ending = gzip ? ".gz" : "";
    folder.Write("t10k-images-idx3-ubyte" + ending, gzip ? Gzip(kImages) : kImages);
    folder.Write("t10k-labels-idx1-ubyte", kLabels);
    for (const std::string& path : {folder.path().string(), folder.path().string() + ":t10k",
                                    folder / ("t10k-images-idx3-ubyte" + ending)}) {
      SCOPED_TRACE(path);
      const auto dataset = MustOpen(Options(path));
      ASSERT_TRUE(dataset);
      EXPECT_EQ(dataset->size(), 3);
      EXPECT_TRUE(dataset->labelled());
      const auto sample = dataset->Load(1);
      ASSERT_TRUE(sample.ok()) << sample.error().ToString();
      EXPECT_EQ(Find(sample->targets, "label")->as<int64_t>()[0], 8);
      EXPECT_EQ(sample->inputs[0].dims(), (ir::Dims{3, 2, 2}));
      EXPECT_EQ(sample->inputs[0].as<float>()[3], 13);
      EXPECT_NE(dataset->Describe().find("3 samples of shape [2, 2]"), std::string::npos);
    }
  }
}

TEST(Idx, ChoosesASplit) {
  Folder folder;
  folder.Write("train-images-idx3-ubyte", kImages);
  folder.Write("t10k-images.idx3-ubyte", Idx(8, {1, 2, 2}, {1, 2, 3, 4}));
  folder.Write("t10k-labels.idx1-ubyte", Idx(8, {1}, {5}));
  const std::string path = folder.path().string();
  EXPECT_EQ(MustOpen(Options(path + ":t10k"))->size(), 1);
  EXPECT_TRUE(MustOpen(Options(path + ":t10k"))->labelled());
  EXPECT_FALSE(MustOpen(Options(path + ":train"))->labelled());
  ExpectError(Open(Options(path)), ErrorCode::kBadInput, {":t10k", " or ", ":train"});
  ExpectError(Open(Options(path + ":test")), ErrorCode::kBadInput, {":train"});
  ExpectError(Open(Options(path + "x:test")), ErrorCode::kBadInput, {"does not exist"});
}

TEST(Idx, ReadsEveryElementType) {
  Folder folder;
  const struct {
    int type;
    std::string data;
    double value;
  } cases[] = {{8, "\xFF", 255},
               {9, "\xFF", -1},
               {11, "\x01\x02", 258},
               {12, {'\xFF', '\xFF', '\xFF', '\xFE'}, -2},
               {13, {'\x3F', '\xC0', 0, 0}, 1.5},
               {14, {'\xC0', '\x04', 0, 0, 0, 0, 0, 0}, -2.5}};
  for (const auto& c : cases) {
    folder.Write("a.idx", Idx(c.type, {1, 1}, c.data));
    const auto source = ReadIdx(folder / "a.idx", "x");
    ASSERT_TRUE(source.ok()) << c.type << source.error().ToString();
    EXPECT_EQ(source->At(0)->ToDoubles().value(), std::vector<double>{c.value}) << c.type;
  }
}

TEST(Idx, HandsOutFloatsAsTheyAre) {
  Folder folder;
  folder.Write("a-images-idx3-ubyte", Idx(13, {1, 1, 2}, {'\x3F', '\xC0', 0, 0, 0, 0, 0, 0}));
  const auto dataset = MustOpen(Options(folder / "a-images-idx3-ubyte"));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->preprocessing(), nullptr);
  EXPECT_EQ(dataset->Load(0)->inputs[0].dims(), (ir::Dims{1, 2}));
}

TEST(Idx, CatchesRawBytesInAFloatModel) {
  Folder folder;
  folder.Write("images-idx3-ubyte", kImages);
  OpenOptions options = Options(folder / "images-idx3-ubyte");
  options.inputs = {{"input", ir::DataType::kFloat32, {-1, 1, 2, 2}}};
  ExpectError(Open(options), ErrorCode::kBadInput, {"'input'", "raw levels", "scale = \"1/255\""});
  options.preprocessing =
      ParsePreprocessing("[input]\ncolor = 'grey'\nscale = '1/255'\n", "p.toml").value();
  const auto dataset = MustOpen(options);
  ASSERT_TRUE(dataset);
  EXPECT_FLOAT_EQ(dataset->Load(2)->inputs[0].as<float>()[0], 100.f / 255);
  options.inputs[0].dims = {-1, 1, 28, 28};
  ExpectError(Open(options), ErrorCode::kBadInput, {"[?, 1, 28, 28]", "[1, 2, 2]", "p.toml"});
}

TEST(Idx, RefusesFilesThatAreNotWhole) {
  Folder folder;
  for (const std::string& whole : {kImages, Gzip(kImages)}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      folder.Write("x", whole.substr(0, size));
      EXPECT_FALSE(ReadIdx(folder / "x", "").ok()) << size;
    }
  }
  folder.Write("x", kImages + "z");
  ExpectError(ReadIdx(folder / "x", ""), ErrorCode::kBadInput, {"12 bytes", "found 13"});
  folder.Write("x", Gzip(kImages + "z"));
  ExpectError(ReadIdx(folder / "x", ""), ErrorCode::kBadInput, {"longer"});
  folder.Write("x", Idx(7, {1}, "a"));
  ExpectError(ReadIdx(folder / "x", ""), ErrorCode::kBadInput, {"not an IDX file"});
}

// Headers that promise more than the file can hold are refused before anything is allocated.
TEST(Idx, RefusesSizesThatCannotBe) {
  Folder folder;
  folder.Write("x", Gzip(Idx(8, {60000, 65535, 65535}, "few")));
  ExpectError(ReadIdx(folder / "x", ""), ErrorCode::kBadInput, {"can't hold"});
  folder.Write("x", Idx(8, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "few"));
  ExpectError(ReadIdx(folder / "x", ""), ErrorCode::kBadInput, {"overflow"});
}

TEST(Idx, ReadsGzipMadeOfParts) {
  Folder folder;
  folder.Write("x", Gzip(kImages.substr(0, 7)) + Gzip(kImages.substr(7)));
  const auto source = ReadIdx(folder / "x", "");
  ASSERT_TRUE(source.ok()) << source.error().ToString();
  EXPECT_EQ(source->At(2)->as<uint8_t>()[3], 127);
}

TEST(Idx, ComparesTheNumberOfLabels) {
  Folder folder;
  folder.Write("images-idx3-ubyte", kImages);
  folder.Write("labels-idx1-ubyte", Idx(8, {2}, {1, 2}));
  ExpectError(Open(Options(folder / "images-idx3-ubyte")), ErrorCode::kBadInput,
              {"2 labels", "3 samples"});
}

}  // namespace
}  // namespace edgeopt::data
