// .npy and .npz as data sets, against files that NumPy wrote; the values are NumPy's arange.
#include <gtest/gtest.h>

#include <numeric>

#include "data/array_source.h"
#include "data/test_files.h"
#include "ir/npy.h"

namespace edgeopt::data {
namespace {

// Sample 3 of arange(30) in [5, 2, 3].
const std::vector<float> kSample3 = {18, 19, 20, 21, 22, 23};

OpenOptions Options(const std::string& path, std::vector<InputSpec> inputs = {}) {
  OpenOptions options;
  options.path = path;
  options.inputs = std::move(inputs);
  return options;
}
const InputSpec kFloatInput{"x", ir::DataType::kFloat32, {-1, 2, 3}};

TEST(Arrays, ReadsEveryFormOfNpy) {
  for (const char* name : {"float32", "float16", "big_endian", "int64", "bytes", "column_major",
                           "column_major_big_endian", "version_2", "version_3"}) {
    SCOPED_TRACE(name);
    const auto dataset = MustOpen(Options(Oracle(std::string(name) + ".npy")));
    ASSERT_TRUE(dataset);
    EXPECT_EQ(dataset->size(), 5);
    EXPECT_FALSE(dataset->labelled());
    const auto sample = dataset->Load(3);
    ASSERT_TRUE(sample.ok()) << sample.error().ToString();
    EXPECT_EQ(sample->inputs[0].dims(), (ir::Dims{2, 3}));
    EXPECT_EQ(sample->inputs[0].ToFloats().value(), kSample3);
    EXPECT_EQ(sample->inputs[0].name, "");
  }
}

TEST(Arrays, ReadsStrings) {
  const auto source =
      ArraySource::FromNpy("text", Buffer::Map(Oracle("strings.npy")).value()).value();
  EXPECT_EQ(source.count(), 5);
  EXPECT_EQ(source.At(2)->strings()[0], "d\xC3\xA9ux");
  EXPECT_EQ(source.At(3)->strings()[0], "");
  EXPECT_EQ(source.At(2)->dims(), ir::Dims{});
}

TEST(Arrays, TakesTheOnlyArrayForTheOnlyInput) {
  const auto dataset = MustOpen(Options(Oracle("float32.npy"), {kFloatInput}));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->Load(0)->inputs[0].name, "x");
}

TEST(Arrays, ReadsStoredAndDeflatedNpz) {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    SCOPED_TRACE(name);
    const auto dataset = MustOpen(Options(Oracle(name), {kFloatInput}));
    ASSERT_TRUE(dataset);
    EXPECT_EQ(dataset->size(), 5);
    EXPECT_TRUE(dataset->labelled());
    const auto sample = dataset->Load(3);
    ASSERT_TRUE(sample.ok());
    ASSERT_EQ(sample->inputs.size(), 1u);
    EXPECT_EQ(sample->inputs[0].ToFloats().value(), kSample3);
    EXPECT_EQ(Find(sample->targets, "label")->as<int64_t>()[0], 0);
    EXPECT_EQ(Find(sample->targets, "column_major")->ToFloats().value(), kSample3);
    EXPECT_EQ(dataset->Classes(4).value(), std::vector<int64_t>{1});
  }
}

TEST(Arrays, ReadsAFolderOfNpyByInputName) {
  Folder folder;
  folder.Copy("x.npy", "float32.npy");
  folder.Copy("labels.npy", "bytes.npy");
  const auto wrong_shape =
      Open(Options(folder.path(), {{"x", ir::DataType::kFloat32, {-1, 9, 3}}}));
  ExpectError(wrong_shape, ErrorCode::kBadInput, {"sample 0", "'x'", "[?, 9, 3]", "[2, 3]"});
  const auto dataset = MustOpen(Options(folder.path(), {kFloatInput}));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->Load(1)->targets[0].name, "label");
}

TEST(Arrays, TakesLabelsFromAnotherFile) {
  Folder folder;
  ASSERT_TRUE(WriteFile(folder / "y.npy",
                        ir::EncodeNpy(ir::Tensor::Of<int32_t>({5}, {4, 3, 2, 1, 0})).value())
                  .ok());
  OpenOptions options = Options(Oracle("float32.npy"), {kFloatInput});
  options.labels = folder / "y.npy";
  const auto dataset = MustOpen(options);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->Load(1)->targets[0].as<int64_t>()[0], 3);
  EXPECT_EQ(ErrorOf(CheckLabels(*dataset, 5)), "");
  ExpectError(CheckLabels(*dataset, 4), ErrorCode::kBadInput, {"sample 0", "class 4", "0 to 3"});
}

TEST(Arrays, CatchesWhatDoesNotFitTheModel) {
  ExpectError(Open(Options(Oracle("bytes.npy"), {kFloatInput})), ErrorCode::kBadInput,
              {"float32", "uint8", "/ 255"});
  ExpectError(Open(Options(Oracle("int64.npy"), {kFloatInput})), ErrorCode::kBadInput,
              {"float32", "int64", "astype('float32')"});
  ExpectError(Open(Options(Oracle("stored.npz"), {{"y", ir::DataType::kFloat32, {-1, 2, 3}}})),
              ErrorCode::kBadInput, {"no array for a model input", "'x'", "'y'"});
  ExpectError(Open(Options(Oracle("stored.npz"), {kFloatInput, {"z", ir::DataType::kFloat32, {}}})),
              ErrorCode::kBadInput, {"nothing for model input 'z'", "'x'"});
}

TEST(Arrays, WarnsOfFloatsThatLookRaw) {
  struct Recorder : Sink {
    std::string text;
    void Warn(std::string_view warning) override { text += warning; }
  };
  Folder folder;
  std::vector<float> levels(256), scaled(256);
  for (size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<float>(i);
  for (size_t i = 0; i < levels.size(); ++i) scaled[i] = levels[i] / 255;
  const auto warning = [&](const std::vector<float>& values) {
    EXPECT_TRUE(WriteFile(folder / "x.npy",
                          ir::EncodeNpy(ir::Tensor::Of<float>({1, 16, 16}, values)).value())
                    .ok());
    Recorder sink;
    OpenOptions options = Options(folder / "x.npy", {{"x", ir::DataType::kFloat32, {-1, 16, 16}}});
    options.sink = &sink;
    EXPECT_TRUE(Open(options).ok());
    return sink.text;
  };
  EXPECT_NE(warning(levels).find("whole numbers up to 255"), std::string::npos);
  EXPECT_EQ(warning(scaled), "");
}

TEST(Arrays, PreprocessesBytesWhereAsked) {
  OpenOptions options =
      Options(Oracle("bytes.npy"), {{"x", ir::DataType::kFloat32, {-1, 1, 2, 3}}});
  options.preprocessing =
      ParsePreprocessing("[input]\ncolor = 'grey'\nscale = 0.5\n", "p.toml").value();
  const auto dataset = MustOpen(options);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->Load(3)->inputs[0].ToFloats().value(),
            (std::vector<float>{9, 9.5, 10, 10.5, 11, 11.5}));
  options.path = Oracle("float32.npy");
  ExpectError(Open(options), ErrorCode::kBadInput, {"float32 [2, 3]", "p.toml", "leave the"});
}

TEST(Arrays, HashesTheInputsAlone) {
  const auto a = MustOpen(Options(Oracle("float32.npy")));
  const auto b = MustOpen(Options(Oracle("stored.npz"), {kFloatInput}));
  const auto c = MustOpen(Options(Oracle("column_major.npy")));
  EXPECT_EQ(a->ContentHash(2).value(), b->ContentHash(2).value());
  EXPECT_EQ(a->ContentHash(2).value(), c->ContentHash(2).value());
  EXPECT_NE(a->ContentHash(2).value(), a->ContentHash(1).value());
}

TEST(Arrays, RefusesWhatIsNotWhole) {
  Folder folder;
  const std::string npy = ReadFile(Oracle("float32.npy")).value();
  for (const size_t size : {size_t{0}, size_t{5}, size_t{60}, npy.size() - 1}) {
    folder.Write("x.npy", npy.substr(0, size));
    const auto cut = Open(Options(folder / "x.npy"));
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kBadInput);
    EXPECT_NE(cut.error().message.find("x.npy"), std::string::npos);
  }
  folder.Write("x.npy", npy + "more");
  ExpectError(Open(Options(folder / "x.npy")), ErrorCode::kBadInput, {"124 bytes", "needs 120"});
  ExpectError(Open(Options(Oracle("object.npy"))), ErrorCode::kUnsupported, {"object.npy"});
  folder.Write("x.npy", ir::EncodeNpy(ir::Tensor::Scalar<float>(1)).value());
  ExpectError(Open(Options(folder / "x.npy")), ErrorCode::kBadInput, {"scalar"});
  folder.Write("x.npy", ir::EncodeNpy(ir::Tensor::Of<float>({0, 3}, {})).value());
  ExpectError(Open(Options(folder / "x.npy")), ErrorCode::kBadInput, {"is empty"});
}

TEST(Npz, RefusesWhatIsNotWhole) {
  Folder folder;
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const std::string whole = ReadFile(Oracle(name)).value();
    for (size_t size = 0; size < whole.size(); size += 37) {
      folder.Write("cut.npz", whole.substr(0, size));
      EXPECT_FALSE(ReadNpzTensors(folder / "cut.npz").ok()) << name << " cut to " << size;
    }
  }
  ExpectError(ReadNpz(Oracle("lzma.npz")), ErrorCode::kUnsupported, {"x.npy", "method 14"});
}

TEST(Npz, NoticesDamage) {
  Folder folder;
  std::string damaged = ReadFile(Oracle("deflated.npz")).value();
  damaged[90] ^= 0x20;  // inside the first member's data
  folder.Write("damaged.npz", damaged);
  ExpectError(ReadNpz(folder / "damaged.npz"), ErrorCode::kBadInput, {"damaged.npz", "member"});
}

// A member that claims 4 GB: refused before anything is allocated.
TEST(Npz, RefusesSizesThatCannotBe) {
  Folder folder;
  std::string bomb = ReadFile(Oracle("deflated.npz")).value();
  const size_t entry = bomb.find("PK\x01\x02");
  ASSERT_NE(entry, std::string::npos);
  bomb.replace(entry + 24, 4, "\xF0\xFF\xFF\xFF", 4);
  folder.Write("bomb.npz", bomb);
  ExpectError(ReadNpz(folder / "bomb.npz"), ErrorCode::kBadInput, {"can't hold the 4294967280"});
}

TEST(Npz, ReadsBackWhatIsWritten) {
  Folder folder;
  std::vector<ir::Tensor> tensors = {
      ir::Tensor::Of<float>({2, 2}, {1, -2, 3.5f, 0}), ir::Tensor::Of<int64_t>({}, {7}),
      ir::Tensor::Of<uint8_t>({0, 3}, {}), ir::Tensor::MakeStrings({2}, {"a", "\xC3\xA9"}).value()};
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].name = "t" + std::to_string(i);
  for (const uint64_t zip64_from : {uint64_t{0xFFFFFFFF}, uint64_t{1}}) {
    auto writer = ir::NpzWriter::Create(folder / "w.npz", Overwrite::kReplace, zip64_from).value();
    for (const ir::Tensor& tensor : tensors) ASSERT_TRUE(writer.Add(tensor.name, tensor).ok());
    ASSERT_TRUE(writer.Commit().ok());
    const auto read = ReadNpzTensors(folder / "w.npz");
    ASSERT_TRUE(read.ok()) << read.error().ToString();
    ASSERT_EQ(read->size(), tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ((*read)[i], tensors[i]);
      EXPECT_EQ((*read)[i].name, tensors[i].name);
    }
  }
}

TEST(ModelInputs, AddsTheBatchAxisOnlyWhereItIsMissing) {
  Sample sample;
  sample.inputs = {ir::Tensor::Of<float>({2, 3}, std::vector<float>(6)),
                   ir::Tensor::Of<int64_t>({}, {16000})};
  sample.inputs[0].name = "x";
  sample.inputs[1].name = "rate";
  const InputSpec rate{"rate", ir::DataType::kInt64, {}};
  const auto inputs = ModelInputs(sample, std::vector<InputSpec>{rate, kFloatInput});
  ASSERT_TRUE(inputs.ok()) << inputs.error().ToString();
  EXPECT_EQ((*inputs)[0].name, "rate");
  EXPECT_EQ((*inputs)[0].dims(), ir::Dims{});
  EXPECT_EQ((*inputs)[1].dims(), (ir::Dims{1, 2, 3}));
  const InputSpec whole{"x", ir::DataType::kFloat32, {2, 3}};
  EXPECT_EQ((*ModelInputs(sample, std::vector<InputSpec>{rate, whole}))[1].dims(),
            (ir::Dims{2, 3}));
  ExpectError(ModelInputs(sample, std::vector<InputSpec>{whole}), ErrorCode::kBadInput,
              {"'rate'", "does not have"});
}

}  // namespace
}  // namespace edgeopt::data
