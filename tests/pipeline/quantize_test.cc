// The quantization service on a real model, real data, in the real runtime.
#include "pipeline/quantize.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/open.h"
#include "passes/quantize/exclusions.h"
#include "pipeline/samples.h"
#include "pipeline/simplify.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using nlohmann::json;

// fashion_mbv2: Conv with Relu6, residual Adds, one Gemm; simplified once for all tests.
class QuantizeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto model =
        formats::ReadOnnx(std::filesystem::path(EDGEOPT_SOURCE_DIR) / "examples/fashion_mbv2.onnx");
    ASSERT_TRUE(model.ok()) << model.error().ToString();
    auto simplified = Simplify(*model, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
    ASSERT_TRUE(simplified.ok()) << simplified.error().ToString();
    EXPECT_TRUE(simplified->warnings.empty());
    model_ = new ir::Model(std::move(simplified->model));
    data::OpenOptions open;
    open.path = "/usr/share/datasets/fashion-mnist:train";
    auto preprocessing = data::ReadPreprocessing(std::filesystem::path(EDGEOPT_SOURCE_DIR) /
                                                 "examples/fashion_mnist.toml");
    ASSERT_TRUE(preprocessing.ok()) << preprocessing.error().ToString();
    open.preprocessing = *preprocessing;
    open.inputs = InputSpecsOf(*model_);
    open.limit = 128;
    auto dataset = data::Open(open);
    ASSERT_TRUE(dataset.ok()) << dataset.error().ToString();
    dataset_ = dataset->release();
  }
  static void TearDownTestSuite() {
    delete model_;
    delete dataset_;
  }

  static Result<Quantized> Run(const QuantizeOptions& options, bool with_data = true,
                               bool generated = false) {
    CalibrationData data;
    data.source = SourceOf(*dataset_, InputSpecsOf(*model_));
    data.available = dataset_->size();
    data.description = dataset_->Describe();
    data.generated = generated;
    return Quantize(*model_, options, with_data ? &data : nullptr, *testing::OnnxRuntime(),
                    SilentSink(), nullptr);
  }

  // Number of nodes of that type whose kernel ran, and was of that kind.
  static int64_t Kernels(const json& report, const std::string& op_type, const std::string& kind) {
    int64_t count = 0;
    for (const json& node : report["kernels"]["nodes"])
      count += node["op_type"] == op_type && node["kind"] == kind;
    return count;
  }
  static bool Warned(const Quantized& done, const std::string& words) {
    for (const std::string& warning : done.warnings)
      if (warning.find(words) != std::string::npos) return true;
    return false;
  }

  static ir::Model* model_;
  static data::Dataset* dataset_;
};
ir::Model* QuantizeTest::model_ = nullptr;
data::Dataset* QuantizeTest::dataset_ = nullptr;

// Every convolution (1 + 6 x 3 + 1 = 20) and every residual Add (3) of the model runs in int8, no
// Clip is left, and the logits are float: the runtime's own profile says so.
TEST_F(QuantizeTest, StaticInt8RunsWhollyInInt8) {
  QuantizeOptions options;
  options.calibrator = "minmax";
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  const json& report = *done->report;
  EXPECT_EQ(Kernels(report, "QLinearConv", "int8"), 20);
  EXPECT_EQ(Kernels(report, "QLinearAdd", "int8"), 3);
  for (const json& node : report["kernels"]["nodes"]) EXPECT_NE(node["op_type"], "Clip");
  EXPECT_GT(report["fidelity"]["outputs"][0]["sqnr_db"].get<double>(), 20.0);
  EXPECT_EQ(report["samples"], 128);
  EXPECT_FALSE(done->table->is_null());
}

TEST_F(QuantizeTest, AutoTakesTheBestCandidate) {
  const auto done = Run({});
  ASSERT_TRUE(done.ok());
  const json& report = *done->report;
  ASSERT_GE(report["candidates"].size(), 4u);
  double best = -1e9;
  std::string name;
  for (const json& candidate : report["candidates"])
    if (candidate["sqnr_db"].get<double>() > best) {
      best = candidate["sqnr_db"];
      name = candidate["calibrator"];
    }
  EXPECT_EQ(report["calibrator"], name);
}

TEST_F(QuantizeTest, ExcludedLayersStayFloat) {
  QuantizeOptions options;
  options.calibrator = "minmax";
  for (const ir::NodeId id : model_->graph.nodes())
    if (model_->graph.node(id).Is("Conv") && options.exclude.empty())
      options.exclude = {passes::quantize::NodeLabel(model_->graph, id)};
  const auto done = Run(options);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(Kernels(*done->report, "QLinearConv", "int8"), 19);
}

TEST_F(QuantizeTest, FewSamplesAndGeneratedDataAreSaid) {
  QuantizeOptions options;
  options.calibrator = "minmax";
  options.samples = 20;
  const auto done = Run(options, true, true);
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(Warned(*done, "only 20 calibration samples"));
  EXPECT_TRUE(Warned(*done, "generated"));
  EXPECT_EQ((*done->report)["generated_data"], true);
}

TEST_F(QuantizeTest, StaticWithoutDataIsAUsageError) {
  const auto done = Run({}, false);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kUsage);
}

TEST_F(QuantizeTest, DynamicRefusesConvolutionsWithTheReason) {
  QuantizeOptions options;
  options.precision = "dynamic-int8";
  const auto done = Run(options);
  // The classifier has 10 columns: too few to pay for quantizing its input.
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kUnsupported);
}

TEST_F(QuantizeTest, Float16KeepsTheInterface) {
  QuantizeOptions options;
  options.precision = "fp16";
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  for (const ir::ValueId id : {done->model.graph.inputs()[0], done->model.graph.outputs()[0]})
    EXPECT_EQ(done->model.graph.value(id).type.element, ir::DataType::kFloat32);
  EXPECT_GT((*done->report)["fidelity"]["outputs"][0]["sqnr_db"].get<double>(), 40.0);
}

// Without data, random inputs show which values leave the range of float16.
TEST_F(QuantizeTest, Float16WithoutDataKeepsWhatOverflowsOnRandomInputs) {
  const auto model = formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[n,k] x) => (float[n,k] y) <float[1] big = {30000}, float[1] small = {0.000000001}> {
  a = Mul(x, big)
  b = Mul(a, big)
  c = Mul(b, small)
  y = Relu(c)
})");
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  QuantizeOptions options;
  options.precision = "fp16";
  const auto done =
      Quantize(*model, options, nullptr, *testing::OnnxRuntime(), SilentSink(), nullptr);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  EXPECT_TRUE(Warned(*done, "on random inputs only"));
  // The two that make and read b.
  ASSERT_EQ((*done->report)["nodes"].size(), 2u);
  for (const json& node : (*done->report)["nodes"])
    EXPECT_NE(node["reason"].get<std::string>().find("float16 ends at 65504"), std::string::npos);
}

// One column a million times as large as the others takes all the steps, and counts for nothing.
TEST_F(QuantizeTest, OutputsThatHaveLittleInCommonWarn) {
  std::string weight = "float[2,16] w = {";
  for (int i = 0; i < 32; ++i) weight += (i > 0 ? "," : "") + std::string(i < 16 ? "0" : "1");
  const auto model = formats::ParseText(
      "<ir_version: 8, opset_import: [\"\" : 17]>\n"
      "g (float[n,2] x) => (float[n,16] y) <" +
      weight +
      "}, float[2] s = {1000000, 1}> {\n"
      "a = Mul(x, s)\n y = MatMul(a, w) }");
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  QuantizeOptions options;
  options.precision = "dynamic-int8";
  const auto done =
      Quantize(*model, options, nullptr, *testing::OnnxRuntime(), SilentSink(), nullptr);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  EXPECT_TRUE(Warned(*done, "'y' has a signal-to-noise ratio of"));
}

TEST_F(QuantizeTest, DynamicConvertsAnOldOpset) {
  std::string weight = "float[2,16] w = {1";
  for (int i = 1; i < 32; ++i) weight += "," + std::to_string(i % 5);
  const auto model = formats::ParseText(
      "<ir_version: 5, opset_import: [\"\" : 9]>\n"
      "g (float[n,2] x) => (float[n,16] y) <" +
      weight + "}> { y = MatMul(x, w) }");
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  QuantizeOptions options;
  options.precision = "dynamic-int8";
  options.reduced_range = true;  // right on CPUs with VNNI and without
  const auto done =
      Quantize(*model, options, nullptr, *testing::OnnxRuntime(), SilentSink(), nullptr);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  EXPECT_EQ((*done->report)["opset_converted_to"], 13);
  EXPECT_EQ((*done->report)["int8_nodes"], 1);
  EXPECT_FALSE(Warned(*done, "signal-to-noise"));
}

TEST_F(QuantizeTest, UnknownNamesAreUsageErrors) {
  for (auto change : {+[](QuantizeOptions& o) { o.precision = "int7"; },
                      +[](QuantizeOptions& o) { o.calibrator = "guess"; },
                      +[](QuantizeOptions& o) { o.rules = "abacus"; }}) {
    QuantizeOptions options;
    change(options);
    const auto done = Run(options);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace edgeopt::pipeline
