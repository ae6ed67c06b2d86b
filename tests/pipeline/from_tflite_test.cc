// TFLite as a source: a real network, and the proof that ONNX Runtime computes what LiteRT does.
#include "pipeline/from_tflite.h"

#include <nlohmann/json.hpp>

#include "pipeline/convert.h"
#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;

Result<formats::tflite::File> Read(const std::filesystem::path& path) {
  return formats::tflite::ReadTflite(path);
}

Result<Raised> RaiseFile(const std::filesystem::path& path) {
  EDGEOPT_TRY(const auto file, Read(path));
  return RaiseModel(file, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
}

int64_t Count(const ir::Model& model, std::string_view op_type) {
  int64_t count = 0;
  for (const ir::NodeId id : model.graph.nodes()) count += model.graph.node(id).Is(op_type) ? 1 : 0;
  return count;
}

TEST(FromTflite, ARealNetwork) {
  const auto path = testing::BasicPitch("nmp.tflite");
  const auto raised = RaiseFile(path);
  ASSERT_TRUE(raised.ok()) << raised.error().ToString();
  EXPECT_FALSE(raised->in_integers);
  EXPECT_TRUE(formats::CheckModel(raised->model, formats::CheckDepth::kTypes).ok());
  const auto litert = testing::LiteRt()->Load(path, {});
  ASSERT_TRUE(litert.ok()) << litert.error().ToString();
  json verified;
  const Status same =
      VerifyRaised(*raised, {}, *testing::OnnxRuntime(), **litert, SilentSink(), verified);
  EXPECT_TRUE(same.ok()) << same.error().ToString();
  for (const json& output : verified["outputs"]) EXPECT_LT(output["max_abs_error"], 1e-4) << output;
}

// Another TFLite file of it computes the same again.
TEST(FromTflite, ToTfliteAgain) {
  const auto raised = RaiseFile(testing::BasicPitch("nmp.tflite"));
  ASSERT_TRUE(raised.ok()) << raised.error().ToString();
  const auto again = Convert(
      raised->model, {}, *testing::OnnxRuntime(),
      [](std::span<const std::byte> bytes) { return testing::LiteRt()->LoadBytes(bytes, {}); },
      SilentSink(), nullptr);
  EXPECT_TRUE(again.ok()) << again.error().ToString();
}

// A runtime that runs something else stands for a wrong rule.
TEST(FromTflite, WhatComputesSomethingElseIsRefused) {
  auto raised = RaiseFile(testing::SmallModel("subtract"));
  ASSERT_TRUE(raised.ok()) << raised.error().ToString();
  const auto litert = testing::LiteRt()->Load(testing::SmallModel("subtract"), {});
  ASSERT_TRUE(litert.ok());
  ASSERT_EQ(Count(raised->model, "Sub"), 1);
  for (const ir::NodeId id : raised->model.graph.nodes())
    if (raised->model.graph.node(id).Is("Sub")) raised->model.graph.SetOpType(id, "Add");
  json verified;
  const Status same =
      VerifyRaised(*raised, {}, *testing::OnnxRuntime(), **litert, SilentSink(), verified);
  ASSERT_FALSE(same.ok());
  EXPECT_EQ(same.error().code, ErrorCode::kGateFailed);
}

}  // namespace
}  // namespace edgeopt::pipeline
