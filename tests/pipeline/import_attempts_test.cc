// The order in which exporters are tried.
#include "pipeline/import_attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgeopt::pipeline {
namespace {

using frameworks::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Order(Kind kind, bool to_tflite, bool is_dynamic,
                               const ImportChoice& choice = {}) {
  std::vector<std::string> texts;
  for (const ImportAttempt& attempt : ImportAttempts(kind, to_tflite, is_dynamic, choice))
    texts.push_back(Describe(attempt));
  return texts;
}

TEST(ImportAttemptsTest, AnArchiveIsReadNativelyFirst) {
  EXPECT_THAT(Order(Kind::kPt2, false, false),
              ElementsAre("natively", "dynamo, opset 18", "dynamo, opset 20",
                          "dynamo, opset 18, simplified"));
}

// The field's remedies in their order: another opset, another exporter, simplification, fixed
// sizes.
TEST(ImportAttemptsTest, RemediesAreInTheirOrder) {
  EXPECT_THAT(Order(Kind::kModule, false, true),
              ElementsAre("dynamo, opset 18", "dynamo, opset 20", "torchscript, opset 17",
                          "torchscript, opset 13", "dynamo, opset 18, simplified",
                          "dynamo, opset 18, simplified, sizes fixed"));
}

// The dynamo exporter takes branches and a state, which the other one does not, but fixed sizes
// alone.
TEST(ImportAttemptsTest, TorchScriptIsFollowedWhereItIsNotConverted) {
  EXPECT_THAT(
      Order(Kind::kTorchScript, false, true),
      ElementsAre("torchscript, opset 17", "torchscript, opset 20", "torchscript, opset 13",
                  "dynamo, opset 18", "dynamo, opset 20", "torchscript, opset 17, simplified",
                  "torchscript, opset 17, simplified, sizes fixed",
                  "dynamo, opset 18, simplified, sizes fixed"));
  EXPECT_THAT(Order(Kind::kTorchScript, false, true, {"dynamo", 0}),
              ElementsAre("dynamo, opset 18", "dynamo, opset 20", "dynamo, opset 18, simplified",
                          "dynamo, opset 18, simplified, sizes fixed"));
}

TEST(ImportAttemptsTest, TensorFlowGoesToTfliteWithoutADetour) {
  EXPECT_THAT(Order(Kind::kSavedModel, true, false), ElementsAre("tflite"));
  EXPECT_THAT(Order(Kind::kKeras, true, true), ElementsAre("tflite", "tflite, sizes fixed"));
  EXPECT_THAT(Order(Kind::kH5, false, false),
              ElementsAre("tf2onnx, opset 17", "tf2onnx, opset 15", "tf2onnx, opset 13",
                          "tf2onnx, opset 17, simplified"));
}

TEST(ImportAttemptsTest, AChoiceLeavesOneExporterOrOpset) {
  EXPECT_THAT(Order(Kind::kTorchScript, false, false, {"torchscript", 15}),
              ElementsAre("torchscript, opset 15", "torchscript, opset 15, simplified"));
  EXPECT_THAT(Order(Kind::kPt2, false, false, {"natively", 0}),
              ElementsAre("natively", "natively, simplified"));
  EXPECT_THAT(Order(Kind::kTorchScript, false, false, {"tf2onnx", 0}), IsEmpty());
}

}  // namespace
}  // namespace edgeopt::pipeline
