// What a file says about itself. That other programs read the same bytes is tested with flatc's
// text form of the schema: names and order of fields are the format.
#include "formats/tflite/metadata.h"

#include <gtest/gtest.h>

#include "formats/tflite/files.h"

namespace edgeopt::formats::tflite {
namespace {

ModelDescription Sample() {
  ModelDescription description;
  description.name = "net";
  description.version = "1";
  TensorDescription image{"x", "", TensorDescription::Content::kRgbImage, {127.5F}, {127.5F}, ""};
  TensorDescription scores;
  scores.name = "y";
  scores.labels_file = "labels.txt";
  description.inputs = {image};
  description.outputs = {scores};
  description.files = {{"labels.txt", "cat\ndog\n"}};
  return description;
}

TEST(Metadata, IsReadBackFromTheWrittenFile) {
  File file = testing::Load("conv");
  Describe(Sample(), file);
  SetMetadata("edgeopt", "{}", file);
  ASSERT_TRUE(Verify(file).ok());
  const auto read = testing::Parse(SerializeTflite(file).value());
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  const auto description = DescriptionOf(*read);
  ASSERT_TRUE(description.ok() && description->has_value());
  EXPECT_EQ((*description)->name, "net");
  EXPECT_EQ((*description)->inputs.at(0).content, TensorDescription::Content::kRgbImage);
  EXPECT_EQ((*description)->inputs.at(0).mean, std::vector<float>{127.5F});
  EXPECT_EQ((*description)->inputs.at(0).std, std::vector<float>{127.5F});
  EXPECT_EQ((*description)->outputs.at(0).labels_file, "labels.txt");
  EXPECT_NE(testing::Text(read->associated_files).find("cat\ndog\n"), std::string::npos);
  ASSERT_NE(FindMetadata(*read, "edgeopt"), nullptr);
  EXPECT_EQ(FindMetadata(*read, "edgeopt")->text(), "{}");
}

TEST(Metadata, ReplacesWhatWasThere) {
  File file = testing::Load("labelled");
  Describe(Sample(), file);
  Describe({"other", "", "", {}, {}, {}}, file);
  EXPECT_EQ(DescriptionOf(file)->value().name, "other");
  EXPECT_TRUE(file.associated_files.empty());
}

TEST(Metadata, AFileMayHaveNone) {
  const File file = testing::Load("conv");
  const auto description = DescriptionOf(file);
  ASSERT_TRUE(description.ok());
  EXPECT_FALSE(description->has_value());
}

TEST(Metadata, BrokenBytesAreAnError) {
  File file = testing::Load("conv");
  SetMetadata("TFLITE_METADATA", "no flatbuffer at all", file);
  EXPECT_FALSE(DescriptionOf(file).ok());
  SetMetadata("TFLITE_METADATA", "", file);
  EXPECT_FALSE(DescriptionOf(file).ok());
}

// CONV_2D 1 came with TensorFlow 1.5.0, 3 (per-channel int8) with 1.14.0, GELU with 2.9.0 by
// TensorFlow's own table.
TEST(Metadata, TheOldestRuntimeIsTheNewestOperators) {
  File file;
  const auto add = [&](schema::BuiltinOperator op, int version) {
    auto code = std::make_unique<schema::OperatorCodeT>();
    code->builtin_code = op;
    code->version = version;
    file.model.operator_codes.push_back(std::move(code));
  };
  EXPECT_EQ(MinRuntimeVersion(file), "");
  add(schema::BuiltinOperator::CONV_2D, 1);
  EXPECT_EQ(MinRuntimeVersion(file), "1.5.0");
  add(schema::BuiltinOperator::CONV_2D, 3);
  EXPECT_EQ(MinRuntimeVersion(file), "1.14.0");
  add(schema::BuiltinOperator::GELU, 1);
  EXPECT_EQ(MinRuntimeVersion(file), "2.9.0");
  add(schema::BuiltinOperator::ADD, 1);
  EXPECT_EQ(MinRuntimeVersion(file), "2.9.0");
}

}  // namespace
}  // namespace edgeopt::formats::tflite
