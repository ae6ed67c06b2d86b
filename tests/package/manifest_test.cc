#include "package/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/sample_record.h"

namespace edgeopt::package {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    Put("model.onnx", "model");
    Put("golden/0_inputs.npz", "in");
    Put("golden/0_outputs.npz", "out");
    content_.model_file = "model.onnx";
    content_.inputs = {{"x", "float32", {-1, 3}}};
    content_.golden = {{"golden/0_inputs.npz", "golden/0_outputs.npz"}};
    content_.golden_tolerance_ratio = 0.001;
    content_.roles["model.onnx"] = "model";
  }
  void Put(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_.path() / name).parent_path());
    ASSERT_TRUE(WriteFile(folder_.path() / name, content).ok());
  }
  json Made(const report::Record& record = report::SampleRecord()) const {
    return MakeManifest(record, content_, folder_.path()).value();
  }
  std::vector<std::string> Complaints(const json& manifest) const {
    return CheckFiles(folder_.path(), manifest).value();
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  Content content_;
};

TEST_F(ManifestTest, HoldsTheProof) {
  const json manifest = Made();
  EXPECT_EQ(manifest["schema_version"], 1);
  EXPECT_EQ(manifest["source"]["sha256"], std::string(64, 'a'));
  EXPECT_EQ(manifest["model"]["variant"], "static-int8");
  // SHA-256 of the five letters "model", by coreutils' sha256sum.
  EXPECT_EQ(manifest["model"]["sha256"],
            "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4");
  EXPECT_EQ(manifest["model"]["measured_sha256"], std::string(64, 'b'));
  EXPECT_EQ(manifest["recipe"].size(), 2u);
  EXPECT_EQ(manifest["recipe"][1]["kind"], "static-int8");
  EXPECT_EQ(manifest["measurements"][0]["variant"], "baseline");
  EXPECT_EQ(manifest["measurements"][1]["latency"]["samples"], 150);
  EXPECT_EQ(manifest["measurements"][1]["machine"]["cpu"], "a CPU");
  EXPECT_EQ(manifest["measurements"][1]["settings"]["threads"], 2);
  EXPECT_TRUE(manifest["calibration"].is_null());
  EXPECT_NEAR(manifest["accuracy"]["floor"].get<double>(), 0.882, 1e-12);
  EXPECT_EQ(manifest["accuracy"]["shipped"]["samples"], 10000);
  EXPECT_EQ(manifest["accuracy"]["pass"], true);
  EXPECT_EQ(manifest["files"].size(), 3u);
  EXPECT_EQ(manifest["files"][2]["role"], "model");
}

TEST_F(ManifestTest, TellsWhatItWasCalibratedOn) {
  auto record = report::SampleRecord();
  record.calibration.path = "/data/cal";
  record.calibration.description = "300 pictures";
  record.calibration.limit = 200;
  EXPECT_EQ(Made(record)["calibration"],
            (json{{"data", "300 pictures"}, {"held_out_of_validation", false}, {"samples", 200}}));
  record.calibration = {};
  record.held_out_samples = 50;
  EXPECT_EQ(Made(record)["calibration"]["held_out_of_validation"], true);
  EXPECT_EQ(Made(record)["calibration"]["samples"], 50);
}

TEST_F(ManifestTest, AnAcceptedViolationIsInIt) {
  auto record = report::SampleRecord();
  record.steps[2].decision = report::Decision::kAccepted;
  record.steps[2].accuracy->value = 0.8;
  record.steps[2].accepted_because = "a toy";
  const json manifest = Made(record);
  EXPECT_EQ(manifest["accuracy"]["pass"], false);
  EXPECT_EQ(manifest["accuracy"]["accepted_because"], "a toy");
}

TEST_F(ManifestTest, TheOriginalItselfCanBePackaged) {
  auto record = report::SampleRecord();
  record.steps.resize(1);
  const json manifest = Made(record);
  EXPECT_TRUE(manifest["recipe"].empty());
  EXPECT_EQ(manifest["measurements"].size(), 1u);
}

TEST_F(ManifestTest, RoundTrip) {
  const json manifest = Made();
  ASSERT_TRUE(WriteFile(folder_.path() / "manifest.json", manifest.dump()).ok());
  EXPECT_EQ(ReadManifest(folder_.path()).value(), manifest);
  const Content read = ContentOf(manifest).value();
  EXPECT_EQ(read.model_file, "model.onnx");
  EXPECT_EQ(read.golden_tolerance_ratio, 0.001);
  EXPECT_EQ(read.golden.at(0).outputs, "golden/0_outputs.npz");
  EXPECT_TRUE(Complaints(manifest).empty());
}

TEST_F(ManifestTest, EveryChangeOfAFileIsFound) {
  const json manifest = Made();
  Put("model.onnx", "Model");
  EXPECT_THAT(Complaints(manifest), ElementsAre("'model.onnx' has another SHA-256"));
  Put("model.onnx", "mode");
  EXPECT_THAT(Complaints(manifest), ElementsAre("'model.onnx' has 4 bytes instead of 5"));
  fs::remove(folder_.path() / "model.onnx");
  EXPECT_THAT(Complaints(manifest), ElementsAre("'model.onnx' is missing"));
  fs::create_symlink("golden/0_inputs.npz", folder_.path() / "model.onnx");
  EXPECT_THAT(Complaints(manifest), ElementsAre("'model.onnx' is missing"));
  fs::remove(folder_.path() / "model.onnx");
  Put("model.onnx", "model");
  Put("golden/extra", "x");
  EXPECT_THAT(Complaints(manifest), ElementsAre("'golden/extra' is not in the manifest"));
}

TEST_F(ManifestTest, NamesThatLeaveThePackageAreRefused) {
  for (const char* name : {"../x", "/etc/passwd", "a/../../x", "", "./model.onnx"}) {
    json manifest = Made();
    manifest["files"][0]["path"] = name;
    const auto complaints = CheckFiles(folder_.path(), manifest);
    ASSERT_FALSE(complaints.ok()) << name;
    EXPECT_EQ(complaints.error().code, ErrorCode::kBadInput);
    manifest = Made();
    manifest["model"]["file"] = name;
    EXPECT_FALSE(ContentOf(manifest).ok()) << name;
    manifest = Made();
    manifest["golden"]["samples"][0]["outputs"] = name;
    EXPECT_FALSE(ContentOf(manifest).ok()) << name;
  }
}

TEST_F(ManifestTest, WhatIsNoManifestIsRefused) {
  EXPECT_THAT(ReadManifest(folder_.path()).error().message, HasSubstr("no manifest.json"));
  for (const char* text : {"", "{", "[]", "{}"}) {
    Put("manifest.json", text);
    EXPECT_EQ(ReadManifest(folder_.path()).error().code, ErrorCode::kBadInput) << text;
  }
  Put("manifest.json", "{\"schema_version\": 99}");
  EXPECT_EQ(ReadManifest(folder_.path()).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ContentOf(json::object()).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(CheckFiles(folder_.path(), json::object()).error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace edgeopt::package
