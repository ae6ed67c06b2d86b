#include "pipeline/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "pipeline/fake_world.h"
#include "report/sample_record.h"

namespace edgeopt::pipeline {
namespace {

using ::testing::HasSubstr;

State SampleState() {
  State state;
  state.record = report::SampleRecord();
  state.phase = Phase::kValidate;
  state.last_action = "validated 'fp16'";
  state.next_action = "choose the next step";
  return state;
}

TEST(StateTest, BlockHasAllFieldsOfTheFormat) {
  EXPECT_EQ(StateBlock(SampleState()),
            "<model-opt-state>\n"
            "phase: VALIDATE\n"
            "model_name: net\n"
            "source_format: onnx\n"
            "target_device: cpu-generic\n"
            "baseline_latency_ms: 10\n"
            "baseline_accuracy: 0.9000\n"
            "accuracy_tolerance: 2%\n"
            "optimizations_applied: simplify, static-int8\n"
            "current_best_latency_ms: 4\n"
            "current_best_accuracy: 0.8910\n"
            "original_model_path: /models/net.onnx\n"
            "last_action: validated 'fp16'\n"
            "next_action: choose the next step\n"
            "blockers: none\n"
            "</model-opt-state>\n");
}

TEST(StateTest, WhatIsNotMeasuredIsUnmeasured) {
  const std::string block = StateBlock(FakeWorld::NewRun());
  EXPECT_THAT(block, HasSubstr("\nbaseline_latency_ms: unmeasured\n"));
  EXPECT_THAT(block, HasSubstr("\ncurrent_best_accuracy: unmeasured\n"));
  EXPECT_THAT(block, HasSubstr("\noptimizations_applied: none\n"));
}

TEST(StateTest, JsonRoundTripIsTheIdentity) {
  const auto document = ToJson(SampleState());
  const auto read = StateFromJson(document);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(ToJson(*read), document);
}

TEST(StateTest, AnotherSchemaVersionIsUnsupported) {
  auto document = ToJson(SampleState());
  document["schema_version"] = 99;
  const auto read = StateFromJson(document);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(read.error().message, HasSubstr("99"));
  document.erase("schema_version");
  EXPECT_EQ(StateFromJson(document).error().code, ErrorCode::kBadInput);
}

class WorkFolderTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  std::filesystem::path work_ = folder_.path() / "work";
};

TEST_F(WorkFolderTest, SavesAndLoads) {
  const auto work = WorkFolder::Create(work_);
  ASSERT_TRUE(work.ok());
  ASSERT_TRUE(work->Save(SampleState()).ok());
  EXPECT_EQ(ToJson(work->Load().value()), ToJson(SampleState()));
  EXPECT_EQ(ToJson(ReadState(work_).value()), ToJson(SampleState()));
}

TEST_F(WorkFolderTest, ARunIsNotOverwritten) {
  {
    const auto work = WorkFolder::Create(work_);
    ASSERT_TRUE(work.ok() && work->Save(SampleState()).ok());
  }
  const auto again = WorkFolder::Create(work_);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kUsage);
  EXPECT_THAT(again.error().hint, HasSubstr("edgeopt resume"));
  EXPECT_TRUE(WorkFolder::Open(work_).ok());
}

TEST_F(WorkFolderTest, TwoRunsInOneFolderAreRefused) {
  const auto first = WorkFolder::Create(work_);
  ASSERT_TRUE(first.ok() && first->Save(SampleState()).ok());
  const auto second = WorkFolder::Open(work_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(ReadState(work_).ok()) << "looking is allowed";
}

TEST_F(WorkFolderTest, NoRunIsAUsageError) {
  EXPECT_EQ(ReadState(work_).error().code, ErrorCode::kUsage);
  EXPECT_EQ(WorkFolder::Open(work_).error().code, ErrorCode::kUsage);
}

TEST_F(WorkFolderTest, ADamagedStateIsNamed) {
  { ASSERT_TRUE(WorkFolder::Create(work_).ok()); }
  for (const char* text : {"", "{", "[]", "{\"schema_version\": 1}"}) {
    ASSERT_TRUE(WriteFile(work_ / "state.json", text).ok());
    const auto state = ReadState(work_);
    ASSERT_FALSE(state.ok()) << text;
    EXPECT_EQ(state.error().code, ErrorCode::kBadInput) << text;
    EXPECT_THAT(state.error().message, HasSubstr("state.json"));
  }
}

}  // namespace
}  // namespace edgeopt::pipeline
