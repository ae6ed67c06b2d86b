#include "package/triton_config.h"

#include <gtest/gtest.h>

namespace edgeopt::package {
namespace {

// The minimal configuration of Triton's user guide ("Model Configuration"), with the file's name.
TEST(TritonConfig, TheGuidesExample) {
  const auto text =
      TritonConfig({"mymodel",
                    "model.plan",
                    8,
                    {{"input0", "float32", {-1, 16}}, {"input1", "float32", {-1, 16}}},
                    {{"output0", "float32", {-1, 16}}}});
  ASSERT_TRUE(text.ok()) << text.error().ToString();
  EXPECT_EQ(*text, R"(name: "mymodel"
platform: "tensorrt_plan"
max_batch_size: 8
default_model_filename: "model.plan"
input [
  {
    name: "input0"
    data_type: TYPE_FP32
    dims: [ 16 ]
  },
  {
    name: "input1"
    data_type: TYPE_FP32
    dims: [ 16 ]
  }
]
output [
  {
    name: "output0"
    data_type: TYPE_FP32
    dims: [ 16 ]
  }
]
)");
}

TritonModel Model() {
  return {"m", "m.engine", 0, {{"x", "int64", {1, -1}}}, {{"y", "float16", {1, 3}}}};
}

// model_config.proto: ModelInstanceGroup.secondary_devices.
TEST(TritonConfig, ADlaIsASecondaryDevice) {
  TritonModel model = Model();
  EXPECT_EQ(TritonConfig(model)->find("instance_group"), std::string::npos);
  model.dla_core = 1;
  const std::string text = TritonConfig(model).value();
  EXPECT_NE(text.find("kind: KIND_GPU"), std::string::npos);
  EXPECT_NE(text.find("kind: KIND_NVDLA\n        device_id: 1\n"), std::string::npos);
}

TEST(TritonConfig, WithoutBatchingShapesAreWhole) {
  const auto text = TritonConfig(Model());
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("max_batch_size: 0\n"), std::string::npos);
  EXPECT_NE(text->find("data_type: TYPE_INT64\n    dims: [ 1, -1 ]"), std::string::npos);
  EXPECT_NE(text->find("data_type: TYPE_FP16\n    dims: [ 1, 3 ]"), std::string::npos);
}

// "For models that do support batching [...] reshape: { shape: [ ] }" of the guide's section
// Reshape.
TEST(TritonConfig, AValuePerSampleIsReshaped) {
  TritonModel model = Model();
  model.max_batch_size = 4;
  model.outputs[0].dims = {-1};
  const auto text = TritonConfig(model);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("dims: [ 1 ]\n    reshape: { shape: [ ] }"), std::string::npos);
}

TEST(TritonConfig, EscapesNames) {
  TritonModel model = Model();
  model.inputs[0].name =
      "a\"b\\c\n\xc3\xa4"
      "1";
  const auto text = TritonConfig(model);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find(R"(name: "a\"b\\c\012\303\2441")"), std::string::npos) << *text;
}

TEST(TritonConfig, RefusesWhatTritonCannotServe) {
  const auto refused = [](auto change) {
    TritonModel model = Model();
    change(model);
    return !TritonConfig(model).ok();
  };
  EXPECT_TRUE(refused([](TritonModel& model) { model.name = "../m"; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.name = ""; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.name = ".."; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.file = "a/b"; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.inputs.clear(); }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.outputs[0].type = "string"; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.outputs[0].name = ""; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.outputs[0].dims = {0}; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.outputs[0].dims = {-2}; }));
  EXPECT_TRUE(refused([](TritonModel& model) { model.max_batch_size = -1; }));
  EXPECT_TRUE(refused([](TritonModel& model) {
    model.max_batch_size = 1;
    model.outputs[0].dims = {};
  }));
}

// "Minimal Model Configuration" of the guide: an ONNX model has the platform onnxruntime_onnx, and
// types that no TensorRT engine has (model_config.proto, DataType).
TEST(TritonConfig, AnOnnxModelHasMoreTypes) {
  TritonModel model = Model();
  model.inputs[0].type = "float64";
  EXPECT_EQ(TritonConfig(model).error().code, ErrorCode::kUnsupported);
  model.platform = TritonPlatform::kOnnx;
  model.file = "model.onnx";
  const auto text = TritonConfig(model);
  ASSERT_TRUE(text.ok()) << text.error().ToString();
  EXPECT_NE(text->find("platform: \"onnxruntime_onnx\"\n"), std::string::npos);
  EXPECT_NE(text->find("default_model_filename: \"model.onnx\"\n"), std::string::npos);
  EXPECT_NE(text->find("data_type: TYPE_FP64\n"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::package
