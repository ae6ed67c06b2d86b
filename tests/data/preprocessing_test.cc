// Preprocessing against values worked by hand, its TOML form, and the check against models.
#include "data/preprocessing.h"

#include <gtest/gtest.h>

#include "base/half.h"
#include "data/test_files.h"

namespace edgeopt::data {
namespace {

Image Numbered(int width, int height, int channels) {
  Image image = MakeImage(width, height, channels);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i);
  return image;
}

InputPreprocessing Parsed(const std::string& toml) {
  const auto parsed = ParsePreprocessing("[input]\n" + toml, "p.toml");
  EXPECT_TRUE(parsed.ok()) << parsed.error().ToString();
  return parsed.ok() ? parsed->inputs[0] : InputPreprocessing{};
}

std::vector<float> Values(const Result<Preprocessed>& made) {
  EXPECT_TRUE(made.ok());
  return made->input.ToFloats().value();
}

TEST(Preprocess, LaysOutChannels) {
  const Image image = Numbered(2, 1, 3);  // pixels (0, 1, 2), (3, 4, 5)
  const auto planar = Preprocess(Parsed("layout = 'nchw'"), image);
  EXPECT_EQ(planar->input.dims(), (ir::Dims{3, 1, 2}));
  EXPECT_EQ(Values(planar), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  const auto interleaved = Preprocess(Parsed("layout = 'nhwc'"), image);
  EXPECT_EQ(interleaved->input.dims(), (ir::Dims{1, 2, 3}));
  EXPECT_EQ(Values(interleaved), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto bgr = Preprocess(Parsed("layout = 'flat'\ncolor = 'bgr'"), image);
  EXPECT_EQ(bgr->input.dims(), (ir::Dims{6}));
  EXPECT_EQ(Values(bgr), (std::vector<float>{2, 1, 0, 5, 4, 3}));
}

TEST(Preprocess, ScalesThenSubtractsThenDivides) {
  Image image = MakeImage(1, 1, 1);
  image.pixels = {51};
  // (51 / 255 - 0.5) / 0.25 = -1.2
  const auto made =
      Preprocess(Parsed("color = 'grey'\nscale = '1/255'\nmean = 0.5\nstd = 0.25"), image);
  EXPECT_FLOAT_EQ(Values(made)[0], -1.2f);
  // Per channel, in the order of the output: blue first.
  const auto bgr = Preprocess(Parsed("color = 'bgr'\nmean = [1, 2, 3]"), Numbered(1, 1, 3));
  EXPECT_EQ(Values(bgr), (std::vector<float>{1, -1, -3}));
}

TEST(Preprocess, RoundsAndSaturatesIntegers) {
  Image image = MakeImage(4, 1, 1);
  image.pixels = {0, 5, 7, 255};
  const auto bytes = Preprocess(Parsed("color = 'grey'\ntype = 'uint8'\nscale = 0.5"), image);
  EXPECT_EQ(Values(bytes), (std::vector<float>{0, 2, 4, 128}));  // 2.5, 3.5, 127.5: to even
  const auto centered = Preprocess(Parsed("color = 'grey'\ntype = 'int8'\nmean = 127"), image);
  EXPECT_EQ(Values(centered), (std::vector<float>{-127, -122, -120, 127}));  // 128 saturates
  const auto half = Preprocess(Parsed("color = 'grey'\ntype = 'float16'\nscale = '1/255'"), image);
  EXPECT_EQ(half->input.as<uint16_t>()[1], FloatToHalf(5.f / 255));
}

TEST(Preprocess, CropsTheCenter) {
  const auto made = Preprocess(Parsed("color = 'grey'\ncrop = [2, 1]"), Numbered(5, 3, 1));
  // torchvision: left = round(1.5) = 2, top = round(1) = 1.
  EXPECT_EQ(Values(made), (std::vector<float>{7, 8}));
  EXPECT_EQ(made->transform, (std::array<float, 4>{1, 1, -2, -1}));
  // Too small: padded with 0; of 3 missing columns 1 is on the left.
  const auto padded = Preprocess(Parsed("color = 'grey'\ncrop = [4, 3]"), MakeImage(1, 1, 1, 5));
  EXPECT_EQ(Values(padded), (std::vector<float>{0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(padded->transform, (std::array<float, 4>{1, 1, 1, 1}));
}

TEST(Preprocess, CropsAFractionBeforeResizing) {
  const auto made = Preprocess(Parsed("crop_fraction = 0.5\nresize = { width = 4, height = 6 }"),
                               Numbered(8, 12, 1));
  EXPECT_EQ(made->input.dims(), (ir::Dims{3, 6, 4}));
  EXPECT_EQ(made->transform, (std::array<float, 4>{1, 1, -2, -3}));
}

TEST(Preprocess, ScalesTheShorterSide) {
  const auto made = Preprocess(Parsed("resize = { shorter = 10 }"), Numbered(33, 20, 3));
  EXPECT_EQ(made->input.dims(), (ir::Dims{3, 10, 16}));  // 16.5, down as torchvision has it
  EXPECT_EQ(made->original_width, 33);
  EXPECT_EQ(made->original_height, 20);
}

TEST(Preprocess, LetterboxesLikeYolo) {
  // 100 x 50 into 64 x 64: factor 0.64, 64 x 32, bars of 16 above and below.
  const auto made =
      Preprocess(Parsed("resize = { width = 64, height = 64, letterbox = true, pad = 7 }"),
                 MakeImage(100, 50, 3, 200));
  EXPECT_EQ(made->input.dims(), (ir::Dims{3, 64, 64}));
  EXPECT_FLOAT_EQ(made->transform[0], 0.64f);
  EXPECT_FLOAT_EQ(made->transform[1], 0.64f);
  EXPECT_EQ(made->transform[2], 0);
  EXPECT_EQ(made->transform[3], 16);
  const std::vector<float> values = Values(made);
  EXPECT_EQ(values[15 * 64], 7);
  EXPECT_EQ(values[16 * 64], 200);
  EXPECT_EQ(values[47 * 64], 200);
  EXPECT_EQ(values[48 * 64], 7);
}

TEST(Preprocess, LetterboxesAnOddBarAndToTheCorner) {
  // 3 x 2 into 4 x 3: 4 x 3 (2.67 rounds up), no bar. 4 x 1 into 4 x 4: bars of 1.5: 1 above, 2
  // below.
  const std::string box = "resize = { width = 4, height = 4, letterbox = true, pad = 0";
  const auto centered = Preprocess(Parsed(box + " }"), MakeImage(4, 1, 1, 9));
  EXPECT_EQ(centered->transform[3], 1);
  const auto corner = Preprocess(Parsed(box + ", center = false }"), MakeImage(4, 1, 1, 9));
  EXPECT_EQ(corner->transform[3], 0);
  const auto small = Preprocess(Parsed(box + ", enlarge = false }"), MakeImage(2, 2, 1, 9));
  EXPECT_EQ(small->transform, (std::array<float, 4>{1, 1, 1, 1}));
}

TEST(Preprocess, RefusesAnImageThatVanishes) {
  ExpectError(Preprocess(Parsed("resize = { width = 10, height = 10, letterbox = true }"),
                         MakeImage(1000, 1, 1)),
              ErrorCode::kBadInput, {"1000 x 1", "nothing"});
}

// --- TOML ---

TEST(ParsePreprocessing, ReadsTheExample) {
  const auto parsed =
      ReadPreprocessing(std::string(EDGEOPT_SOURCE_DIR) + "/examples/fashion_mnist.toml");
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  const InputPreprocessing& rule = parsed->inputs[0];
  EXPECT_EQ(rule.color, ColorOrder::kGrey);
  EXPECT_DOUBLE_EQ(rule.scale, 1.0 / 255);
  EXPECT_EQ(rule.mean, std::vector<double>{0.2860});
  EXPECT_EQ(rule.std, std::vector<double>{0.3530});
  EXPECT_EQ(parsed->For("whatever"), &rule);
}

TEST(ParsePreprocessing, RoundTrips) {
  const std::string texts[] = {
      "[input]\n",
      "[input]\nname = \"a\\\"b\\\\\"\ncolor = 'bgr'\nexif_orientation = true\ncrop_fraction = "
      "0.875\n"
      "resize = { shorter = 256, filter = 'bicubic' }\ncrop = [224, 224]\nscale = '1/127.5'\n"
      "mean = 1\nstd = [1, 2.5, 3]\ntype = 'float16'\nlayout = 'nhwc'\nallow_raw_range = true\n",
      "[[input]]\nname = 'x'\nresize = { width = 640, height = 320, letterbox = true, pad = 0, "
      "center = false, enlarge = false, arithmetic = 'opencv' }\n[[input]]\nname = 'y'\n"};
  for (const std::string& text : texts) {
    const auto first = ParsePreprocessing(text, "p.toml");
    ASSERT_TRUE(first.ok()) << first.error().ToString();
    const std::string written = ToToml(*first);
    const auto second = ParsePreprocessing(written, "q.toml");
    ASSERT_TRUE(second.ok()) << written << second.error().ToString();
    EXPECT_EQ(ToToml(*second), written);
    EXPECT_EQ(first->inputs.size(), second->inputs.size());
    EXPECT_EQ(first->inputs[0].scale, second->inputs[0].scale);
    EXPECT_EQ(first->inputs[0].name, second->inputs[0].name);
    EXPECT_EQ(first->inputs[0].std, second->inputs[0].std);
  }
}

TEST(ParsePreprocessing, NamesTheLine) {
  const struct {
    const char* toml;
    std::initializer_list<const char*> parts;
  } cases[] = {
      {"[input\n", {"p.toml:1:"}},
      {"", {"no [input] table"}},
      {"[inputs]\n", {"p.toml:1:", "unknown key 'inputs'"}},
      {"[input]\nscal = 1\n", {"p.toml:2:", "unknown key 'scal'", "known keys", "scale"}},
      {"[input]\n\ncolor = 'RGB'\n", {"p.toml:3:", "unknown color 'RGB'", "rgb, bgr, grey"}},
      {"[input]\nscale = '1/0'\n", {"p.toml:2:", "fraction"}},
      {"[input]\nscale = 0\n", {"p.toml:2:", "must not be 0"}},
      {"[input]\nstd = [1, 0, 1]\n", {"p.toml:2:", "'std' must not hold 0"}},
      {"[input]\nmean = [1, 2]\n", {"p.toml:2:", "2 values for 3 channels"}},
      {"[input]\ncolor = 'grey'\nmean = [1, 2, 3]\n", {"3 values for 1 channels"}},
      {"[input]\ncrop = 224\n", {"p.toml:2:", "[width, height]"}},
      {"[input]\ncrop_fraction = 1.5\n", {"at most 1"}},
      {"[input]\nresize = 224\n", {"must be a table", "resize = { width"}},
      {"[input]\nresize = { width = 224 }\n", {"'width' and 'height', or 'shorter'"}},
      {"[input]\nresize = { width = 2, height = 2, shorter = 3 }\n", {"or 'shorter'"}},
      {"[input]\nresize = { shorter = 0 }\n", {"integer from 1"}},
      {"[input]\nresize = { shorter = 9, letterbox = true }\n", {"'letterbox' needs"}},
      {"[input]\nresize = { shorter = 9, pad = 3 }\n", {"'pad' is for letterbox"}},
      {"[input]\nresize = { shorter = 9, filter = 'lanczos', arithmetic = 'opencv' }\n",
       {"nearest, bilinear, bicubic and area"}},
      {"[[input]]\n[[input]]\nname = 'x'\n", {"same input"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.toml);
    ExpectError(ParsePreprocessing(c.toml, "p.toml"), ErrorCode::kBadInput, c.parts);
  }
}

// --- The check ---

Status CheckImage(const std::string& toml, const Image& image, const InputSpec& spec) {
  const InputPreprocessing rule = Parsed(toml);
  const auto made = Preprocess(rule, image);
  EXPECT_TRUE(made.ok());
  return Check(rule, made->input, spec, "p.toml");
}

const Image kPhoto = MakeImage(224, 224, 3, 200);
const std::string kScaled = "scale = '1/255'\n";

TEST(Check, PassesWhatFits) {
  for (const ir::Dims& dims : {ir::Dims{1, 3, 224, 224}, ir::Dims{-1, -1, -1, -1},
                               ir::Dims{-1, 3, -1, -1}, ir::Dims{3, 224, 224}})
    EXPECT_EQ(ErrorOf(CheckImage(kScaled, kPhoto, {"x", ir::DataType::kFloat32, dims})), "");
  InputSpec open{"x", ir::DataType::kFloat32, {}};
  open.has_shape = false;
  EXPECT_EQ(ErrorOf(CheckImage(kScaled, kPhoto, open)), "");
}

TEST(Check, CatchesRawBytesInAFloatModel) {
  const InputSpec spec{"x", ir::DataType::kFloat32, {1, 3, 224, 224}};
  ExpectError(CheckImage("scale = 1", kPhoto, spec), ErrorCode::kBadInput,
              {"'x'", "raw levels", "200", "scale = \"1/255\"", "p.toml:2", "allow_raw_range"});
  EXPECT_EQ(ErrorOf(CheckImage("allow_raw_range = true", kPhoto, spec)), "");
  EXPECT_EQ(ErrorOf(CheckImage("mean = 127", kPhoto, spec)), "");
  EXPECT_EQ(
      ErrorOf(CheckImage("type = 'uint8'", kPhoto, {"x", ir::DataType::kUint8, {1, 3, 224, 224}})),
      "");
}

TEST(Check, NamesTheKeyToChange) {
  const struct {
    std::string toml;
    InputSpec spec;
    std::initializer_list<const char*> parts;
  } cases[] = {
      {"type = 'uint8'",
       {"x", ir::DataType::kFloat32, {1, 3, 224, 224}},
       {"float32", "uint8", "set type = \"float32\"", "p.toml:2"}},
      {kScaled,
       {"x", ir::DataType::kFloat32, {-1, 224, 224, 3}},
       {"[?, 224, 224, 3]", "[3, 224, 224]", "channels are last", "layout = \"nhwc\"",
        "p.toml, table at line 1"}},
      {kScaled + "layout = 'nhwc'",
       {"x", ir::DataType::kFloat32, {1, 3, 224, 224}},
       {"channels are first", "layout = \"nchw\"", "p.toml:3"}},
      {kScaled, {"x", ir::DataType::kFloat32, {1, 1, 224, 224}}, {"color = \"grey\""}},
      {kScaled + "color = 'grey'",
       {"x", ir::DataType::kFloat32, {1, 3, 224, 224}},
       {"color = \"rgb\"", "p.toml:3"}},
      {kScaled,
       {"x", ir::DataType::kFloat32, {1, 3, 299, 300}},
       {"[1, 3, 299, 300]", "[3, 224, 224]", "resize = { width = 300, height = 299 }"}},
      {kScaled + "crop = [224, 224]",
       {"x", ir::DataType::kFloat32, {1, 3, 299, 299}},
       {"crop of that size in p.toml:3"}},
      {kScaled, {"x", ir::DataType::kFloat32, {1, 150528}}, {"layout = \"flat\""}},
      {kScaled, {"x", ir::DataType::kFloat32, {1, 2, 3, 4, 5}}, {"[1, 2, 3, 4, 5]", "axes"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.toml + ir::ToString(c.spec.dims));
    ExpectError(CheckImage(c.toml, kPhoto, c.spec), ErrorCode::kBadInput, c.parts);
  }
}

TEST(DefaultPreprocessing, ReadsLayoutAndColorOffTheModel) {
  const auto guess = [](ir::Dims dims, ir::DataType type = ir::DataType::kFloat32) {
    return DefaultPreprocessing({"x", type, std::move(dims)});
  };
  EXPECT_EQ(guess({1, 3, 8, 8}).layout, Layout::kNchw);
  EXPECT_EQ(guess({1, 8, 8, 3}).layout, Layout::kNhwc);
  EXPECT_EQ(guess({-1, 1, 28, 28}).color, ColorOrder::kGrey);
  EXPECT_EQ(guess({-1, 28, 28, 1}).color, ColorOrder::kGrey);
  EXPECT_EQ(guess({-1, 28, 28}).color, ColorOrder::kGrey);
  EXPECT_EQ(guess({-1, 784}).layout, Layout::kFlat);
  EXPECT_EQ(guess({-1, 784}).color, ColorOrder::kGrey);
  EXPECT_EQ(guess({-1, 3072}).color, ColorOrder::kRgb);
  EXPECT_EQ(guess({1, 3, 8, 8}, ir::DataType::kUint8).type, ir::DataType::kUint8);
}

}  // namespace
}  // namespace edgeopt::data
