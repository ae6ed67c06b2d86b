// The proof of a conversion: a file that computes something else is not handed out.
#include "pipeline/convert.h"

#include <nlohmann/json.hpp>

#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

ir::Model Parse(const std::string& body) {
  return formats::ParseText(
             "<ir_version: 8, opset_import: [\"\" : 17]>\n"
             "g (float[4] x) => (float[4] y) " +
             body)
      .value();
}

Result<std::unique_ptr<runtimes::Session>> LoadInLiteRt(std::span<const std::byte> bytes) {
  return testing::LiteRt()->LoadBytes(bytes, {});
}

Result<Converted> ConvertWith(const LoadTflite& load, const ConvertOptions& options = {}) {
  return Convert(Parse("{ y = Sigmoid(x) }"), options, *testing::OnnxRuntime(), load, SilentSink(),
                 nullptr);
}

TEST(Convert, IsVerifiedInLiteRt) {
  const auto converted = ConvertWith(LoadInLiteRt);
  ASSERT_TRUE(converted.ok()) << converted.error().ToString();
  const auto& verified = (*converted->report)["verified"];
  EXPECT_EQ(verified["random_samples"], 2);
  EXPECT_LT(verified["outputs"][0]["max_abs_error"], 1e-6);
}

// A runtime that computes a tanh instead stands for a wrong file.
TEST(Convert, RefusesWhatComputesSomethingElse) {
  const auto wrong = ConvertWith(
      [](std::span<const std::byte>) { return testing::LoadModel(Parse("{ y = Tanh(x) }")); });
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kGateFailed);
  EXPECT_NE(wrong.error().message.find("output 'y' differs by"), std::string::npos)
      << wrong.error().message;
}

// The file is made wrong on its way into LiteRT: of y = Tanh(Neg(Abs(x))) the middle is the first
// to differ.
TEST(Convert, NamesTheFirstLayerThatDiffers) {
  const LoadTflite spoilt =
      [](std::span<const std::byte> bytes) -> Result<std::unique_ptr<runtimes::Session>> {
    EDGEOPT_TRY(auto file, formats::tflite::ParseTflite(Buffer::Copy(bytes.data(), bytes.size())));
    for (auto& code : file.model.operator_codes)
      if (code->builtin_code == formats::tflite::schema::BuiltinOperator::NEG)
        code->builtin_code = formats::tflite::schema::BuiltinOperator::ABS;
    EDGEOPT_TRY(const std::string changed, formats::tflite::SerializeTflite(file));
    return LoadInLiteRt(std::as_bytes(std::span(changed)));
  };
  const auto wrong = Convert(Parse("{ a = Abs(x)\n m = Neg(a)\n y = Tanh(m) }"), {},
                             *testing::OnnxRuntime(), spoilt, SilentSink(), nullptr);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("the first layer that differs is 'm' (Neg)"),
            std::string::npos)
      << wrong.error().message;
}

Result<Converted> ConvertText(const std::string& text) {
  return Convert(formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + text).value(),
                 {}, *testing::OnnxRuntime(), LoadInLiteRt, SilentSink(), nullptr);
}

// ONNX Runtime runs files whose outputs are declared in another rank than they have.
TEST(Convert, OutputsHaveTheShapesThatAreComputed) {
  const auto converted = ConvertText(
      "g (float[4,3] x) => (float[1,N] y) <int64[3] sizes = {2, 1, 6}> {\n"
      "a = Abs(x)\n y = Reshape(a, sizes) }");
  ASSERT_TRUE(converted.ok()) << converted.error().ToString();
  const auto& graph = *converted->file.model.subgraphs[0];
  EXPECT_EQ(graph.tensors[static_cast<size_t>(graph.outputs[0])]->shape,
            (std::vector<int32_t>{2, 1, 6}));
}

// Without the axes no rank in the branch would be known.
TEST(Convert, BranchesThatCaptureTheirAxes) {
  const auto converted = ConvertText(
      "g (bool c, float[1,4] x) => (float[A,B] y) <int64[1] axes = {0}, int64[2] all = {1, -1}> {\n"
      "y = If(c) <then_branch = t () => (float[C,D] u) {\n"
      "  s = Squeeze(x, axes)\n m = Softmax<axis = 0>(s)\n u = Unsqueeze(m, axes) },\n"
      "else_branch = e () => (float[E,F] v) { v = Reshape(x, all) }>\n}");
  ASSERT_TRUE(converted.ok()) << converted.error().ToString();
  EXPECT_EQ((*converted->report)["operators"]["IF"], 1);
}

TEST(Convert, IntegerIoNeedsAQuantizedModel) {
  ConvertOptions options;
  options.io = "int8";
  const auto converted = ConvertWith(LoadInLiteRt, options);
  ASSERT_FALSE(converted.ok());
  EXPECT_EQ(converted.error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace edgeopt::pipeline
