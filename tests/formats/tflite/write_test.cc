#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "formats/tflite/files.h"

namespace edgeopt::formats::tflite {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using testing::Load;
using testing::Meaning;
using testing::Op;
using testing::Parse;
using testing::Text;

constexpr TfliteWriteOptions kOutside{.outside_threshold_bytes = 0};

const schema::Model& Root(const std::string& bytes) { return *schema::GetModel(bytes.data()); }

// All that a File says, as the flatbuffer that holds it inside.
std::string MeaningOf(const File& file) { return Meaning(SerializeTflite(file).value()); }

TEST(TfliteWriter, WritesWhatItRead) {
  for (const char* name : testing::kPlainFiles) {
    const std::string written = SerializeTflite(Load(name)).value();
    EXPECT_EQ(Meaning(written), Meaning(BytesOf(name))) << name;
  }
}

TEST(TfliteWriter, SameModelSameBytes) {
  for (const char* name : testing::kFiles)
    for (const TfliteWriteOptions& options : {TfliteWriteOptions(), kOutside}) {
      const std::string written = SerializeTflite(Load(name), options).value();
      const auto again = Parse(written);
      ASSERT_TRUE(again.ok()) << name << ": " << again.error().ToString();
      EXPECT_EQ(SerializeTflite(*again, options).value(), written) << name;
      EXPECT_EQ(MeaningOf(*again), MeaningOf(Load(name))) << name;
    }
}

// Whoever adds a field to these tables of the schema must write it, too: they are packed and
// unpacked by hand.
TEST(TfliteWriter, TablesPackedByHandHaveNoNewField) {
  EXPECT_EQ(schema::ModelTypeTable()->num_elems, 10U);
  EXPECT_EQ(schema::SubGraphTypeTable()->num_elems, 6U);
  EXPECT_EQ(schema::OperatorTypeTable()->num_elems, 14U);
  EXPECT_EQ(schema::OperatorCodeTypeTable()->num_elems, 4U);
  EXPECT_EQ(schema::BufferTypeTable()->num_elems, 3U);
}

TEST(TfliteWriter, AlignsData) {
  for (const TfliteWriteOptions& options : {TfliteWriteOptions(), kOutside}) {
    const std::string bytes = SerializeTflite(Load("everything"), options).value();
    for (const schema::Buffer* buffer : *Root(bytes).buffers()) {
      if (buffer->data() != nullptr && buffer->data()->size() > 0) {
        EXPECT_EQ((reinterpret_cast<const char*>(buffer->data()->data()) - bytes.data()) % 16, 0);
      }
      EXPECT_EQ(buffer->offset() % 16, 0U);
    }
  }
}

// LiteRT refuses operators without these vectors.
TEST(TfliteWriter, WritesEmptyInputsAndOutputs) {
  File file = Load("before_3a");
  Op(file, 0).inputs.clear();
  file.model.subgraphs[0]->outputs.clear();
  Op(file, 0).outputs.clear();
  const std::string bytes = SerializeTflite(file).value();
  EXPECT_NE(Root(bytes).subgraphs()->Get(0)->operators()->Get(0)->inputs(), nullptr);
  EXPECT_NE(Root(bytes).subgraphs()->Get(0)->operators()->Get(0)->outputs(), nullptr);
}

TEST(TfliteWriter, WritesBothFieldsOfAnOperatorCode) {
  const auto codes = [](schema::BuiltinOperator code) {
    File file = Load("before_3a");
    file.model.operator_codes[0]->builtin_code = code;
    const std::string bytes = SerializeTflite(file).value();
    const auto* written = Root(bytes).operator_codes()->Get(0);
    return std::pair(int{written->deprecated_builtin_code()}, written->builtin_code());
  };
  EXPECT_EQ(codes(schema::BuiltinOperator::NEG), std::pair(59, schema::BuiltinOperator::NEG));
  EXPECT_EQ(codes(schema::BuiltinOperator::GELU), std::pair(127, schema::BuiltinOperator::GELU));
}

TEST(TfliteWriter, PutsLargeModelsBehindTheFlatbuffer) {
  const File file = Load("conv");
  const std::string bytes = SerializeTflite(file, {.outside_threshold_bytes = 100}).value();
  const auto& buffers = *Root(bytes).buffers();
  for (const auto& tensor : file.model.subgraphs[0]->tensors) {
    const schema::Buffer* buffer = buffers.Get(tensor->buffer);
    EXPECT_EQ(buffer->data(), nullptr);
    if (tensor->buffer == 0) continue;
    ASSERT_GT(buffer->offset(), 1U);
    EXPECT_EQ(bytes.substr(buffer->offset(), buffer->size()), Text(file.buffers[tensor->buffer]));
    EXPECT_LE(buffer->offset() + buffer->size() + 16, bytes.size());
  }
  // Runtimes look for metadata inside.
  const schema::Buffer* metadata = buffers.Get(file.model.metadata[0]->buffer);
  EXPECT_EQ(metadata->offset(), 0U);
  ASSERT_NE(metadata->data(), nullptr);
  EXPECT_EQ(metadata->data()->size(), 16U);
}

TEST(TfliteWriter, WritesEqualWeightsOnceBehindTheFlatbuffer) {
  File file = Load("conv");
  const size_t one = SerializeTflite(file, kOutside)->size();
  for (int i = 0; i < 10; ++i) {
    auto tensor = std::make_unique<schema::TensorT>();
    tensor->shape = {2, 3, 3, 1};
    tensor->buffer = static_cast<uint32_t>(file.buffers.size());
    file.model.subgraphs[0]->tensors.push_back(std::move(tensor));
    file.model.buffers.push_back(std::make_unique<schema::BufferT>());
    const Buffer& weights = testing::DataOf(file, "w");
    file.buffers.push_back(Buffer::Copy(weights.data(), weights.size()));
  }
  EXPECT_LT(SerializeTflite(file, kOutside)->size(), one + 10 * 72);
}

TEST(TfliteWriter, PutsLargeCustomOptionsBehindTheFlatbuffer) {
  File file = Load("everything");
  Op(file, 1).custom_options.assign(1 << 20, 7);
  Op(file, 1).custom_options.back() = 8;
  const std::string bytes = SerializeTflite(file, kOutside).value();
  const auto* op = Root(bytes).subgraphs()->Get(0)->operators()->Get(1);
  EXPECT_EQ(op->custom_options(), nullptr);
  EXPECT_EQ(op->large_custom_options_size(), 1U << 20);
  EXPECT_EQ(op->large_custom_options_offset() % 16, 0U);
  auto again = Parse(bytes);
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_EQ(Op(*again, 1).custom_options, Op(file, 1).custom_options);
}

TEST(TfliteWriter, MovesTheArchiveOfAssociatedFiles) {
  const File file = Load("labelled");
  ASSERT_FALSE(file.associated_files.empty());
  // What stands at byte 0 for itself: its first local header.
  EXPECT_EQ(Text(file.associated_files).substr(0, 4), "PK\x03\x04");
  const std::string bytes = SerializeTflite(file).value();
  const size_t start = bytes.size() - file.associated_files.size();
  EXPECT_EQ(bytes.substr(start, 4), "PK\x03\x04");
  // The end record's position of the directory counts from the start of the file.
  const size_t end = bytes.rfind("PK\x05\x06");
  const size_t directory = bytes.rfind("PK\x01\x02");
  uint32_t declared = 0, local = 0;
  std::memcpy(&declared, bytes.data() + end + 16, 4);
  std::memcpy(&local, bytes.data() + directory + 42, 4);
  EXPECT_EQ(declared, directory);
  EXPECT_EQ(local, start);
}

TEST(TfliteWriter, RefusesArchivesThatAreNone) {
  File file = Load("conv");
  file.associated_files = Buffer::Own(std::string("not an archive, but long enough for one"));
  EXPECT_EQ(SerializeTflite(file).error().code, ErrorCode::kBadInput);
}

TEST(TfliteWriter, RefusesWhatVerifyRefuses) {
  File file = Load("conv");
  Op(file, 0).inputs[0] = 99;
  EXPECT_EQ(SerializeTflite(file).error().code, ErrorCode::kBadInput);
}

TEST(TfliteWriter, RefusesModelsCompiledForAnNpu) {
  File file = Load("everything");
  file.model.operator_codes[1]->custom_code = "DISPATCH_OP";
  EXPECT_EQ(SerializeTflite(file).error().code, ErrorCode::kUnsupported);
}

TEST(TfliteWriter, WritesFilesAndRefusesToOverwrite) {
  const auto folder = TemporaryFolder::Create().value();
  const fs::path path = folder.path() / "m.tflite";
  const File file = Load("labelled");
  ASSERT_TRUE(WriteTflite(file, path).ok());
  EXPECT_EQ(ReadFile(path).value(), SerializeTflite(file).value());
  // Over the file that it is mapped from.
  const File mapped = ReadTflite(path).value();
  ASSERT_TRUE(WriteTflite(mapped, path).ok());
  EXPECT_EQ(MeaningOf(ReadTflite(path).value()), MeaningOf(file));
  EXPECT_EQ(WriteTflite(file, path, {.overwrite = Overwrite::kRefuse}).error().code,
            ErrorCode::kUsage);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(TfliteWriter, LeavesNothingBehindWhenItFails) {
  const auto folder = TemporaryFolder::Create().value();
  File file = Load("conv");
  Op(file, 0).outputs[0] = -1;
  EXPECT_FALSE(WriteTflite(file, folder.path() / "m.tflite").ok());
  EXPECT_TRUE(fs::is_empty(folder.path()));
  EXPECT_EQ(WriteTflite(Load("conv"), folder.path() / "no" / "m.tflite").error().code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace edgeopt::formats::tflite
