// What the user says of a source in a framework.
#include "pipeline/source_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SourceOptions Trusting() {
  SourceOptions options;
  options.trust_code = true;
  return options;
}

TEST(SourceOptionsTest, ShapesHaveNamesTypesAndSizes) {
  SourceOptions options = Trusting();
  options.shapes = {"x=1x3x224x224", "ids:int64=1x-1", "2x5"};
  const auto source = OpenSource("nets.models:make", options).value().value();
  ASSERT_EQ(source.inputs.size(), 3u);
  EXPECT_EQ(source.inputs[0].name, "x");
  EXPECT_EQ(source.inputs[0].type, ir::DataType::kFloat32);
  EXPECT_THAT(source.inputs[0].dims, ElementsAre(1, 3, 224, 224));
  EXPECT_EQ(source.inputs[1].name, "ids");
  EXPECT_EQ(source.inputs[1].type, ir::DataType::kInt64);
  EXPECT_THAT(source.inputs[1].dims, ElementsAre(1, -1));
  EXPECT_EQ(source.inputs[2].name, "");
  EXPECT_THAT(source.inputs[2].dims, ElementsAre(2, 5));
  // A name of a size says no more to a framework than that any is taken.
  options.shapes = {"ids=1xlength"};
  EXPECT_THAT(OpenSource("nets.models:make", options).value().value().inputs[0].dims,
              ElementsAre(1, -1));
}

TEST(SourceOptionsTest, WhatIsNoShapeIsAUsageError) {
  for (const char* text :
       {"", "x=", "x=1x3a", "x=1x-2", "x:floaty=1x2", "x=99999999999999999999"}) {
    SourceOptions options = Trusting();
    options.shapes = {text};
    const auto source = OpenSource("nets.models:make", options);
    ASSERT_FALSE(source.ok()) << text;
    EXPECT_EQ(source.error().code, ErrorCode::kUsage) << text;
    EXPECT_THAT(source.error().message, HasSubstr("--shape")) << text;
  }
}

TEST(SourceOptionsTest, TheBatchIsTheFirstSizeOfEachInput) {
  SourceOptions options = Trusting();
  options.shapes = {"x=1x3", "y=1x5"};
  options.batch = "8";
  auto source = OpenSource("nets.models:make", options).value().value();
  EXPECT_THAT(source.inputs[0].dims, ElementsAre(8, 3));
  EXPECT_THAT(source.inputs[1].dims, ElementsAre(8, 5));
  options.batch = "dynamic";
  source = OpenSource("nets.models:make", options).value().value();
  EXPECT_THAT(source.inputs[1].dims, ElementsAre(-1, 5));
  for (const char* batch : {"0", "-1", "many"}) {
    options.batch = batch;
    EXPECT_EQ(OpenSource("nets.models:make", options).error().code, ErrorCode::kUsage) << batch;
  }
}

TEST(SourceOptionsTest, CodeNeedsConsent) {
  const auto source = OpenSource("nets.models:make", {});
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, ErrorCode::kUsage);
  EXPECT_THAT(source.error().hint, HasSubstr("--trust-code"));
}

TEST(SourceOptionsTest, OtherModelsTakeNoneOfThem) {
  const TemporaryFolder folder = TemporaryFolder::Create().value();
  const fs::path model = folder.path() / "model.onnx";
  ASSERT_TRUE(WriteFile(model, "\x08\x08").ok());
  EXPECT_FALSE(OpenSource(model.string(), {}).value().has_value());
  EXPECT_EQ(OpenSource(model.string(), Trusting()).error().code, ErrorCode::kUsage);
  // Sizes are for these too (pipeline/resize_source.h).
  SourceOptions sizes;
  sizes.shapes = {"x=1x3"};
  sizes.batch = "4";
  EXPECT_FALSE(OpenSource(model.string(), sizes).value().has_value());
}

TEST(SourceOptionsTest, NamesLeaveOutFolderAndEnding) {
  EXPECT_EQ(ModelName("a/net.pt2"), "net");
  EXPECT_EQ(ModelName("a/saved/"), "saved");
  EXPECT_EQ(ModelName("nets.models:make_net"), "make_net");
  EXPECT_EQ(ModelName("a/nets.py:Net"), "Net");
}

// A folder's hash is of its files' hashes and names: a change of any of them, or a renamed file,
// changes it; one of a single file is the file's own.
TEST(SourceOptionsTest, AFolderHasOneHash) {
  const TemporaryFolder folder = TemporaryFolder::Create().value();
  fs::create_directories(folder.path() / "m/variables");
  ASSERT_TRUE(WriteFile(folder.path() / "m/saved_model.pb", "graph").ok());
  ASSERT_TRUE(WriteFile(folder.path() / "m/variables/data", "weights").ok());
  frameworks::Source source;
  source.kind = frameworks::Kind::kSavedModel;
  source.path = folder.path() / "m";
  const std::string before = HashOf(source).value();
  EXPECT_EQ(SizeOf(source).value(), 12);
  EXPECT_EQ(HashOf(source).value(), before);
  fs::rename(source.path / "variables/data", source.path / "variables/other");
  EXPECT_NE(HashOf(source).value(), before);
  source.kind = frameworks::Kind::kPt2;
  source.path /= "saved_model.pb";
  EXPECT_EQ(HashOf(source).value(), Sha256File(source.path).value());
}

}  // namespace
}  // namespace edgeopt::pipeline
