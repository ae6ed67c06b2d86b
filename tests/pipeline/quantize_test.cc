// The quantization service on a real model, real data, in the real runtime.
#include "pipeline/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "data/open.h"
#include "passes/quantize/exclusions.h"
#include "pipeline/samples.h"
#include "pipeline/simplify.h"
#include "quant/calibration_table.h"
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

// Where everything runs in float, no candidate loses anything.
TEST_F(QuantizeTest, CandidatesAreRankedWhereTheModelIsToRun) {
  std::atomic<int> loads{0};
  QuantizeOptions options;
  options.samples = 100;
  options.load = [&](const ir::Model&) -> Result<std::unique_ptr<runtimes::Session>> {
    ++loads;
    return testing::LoadModel(*model_);
  };
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  const json& report = *done->report;
  EXPECT_EQ(static_cast<size_t>(loads), report["candidates"].size() + 1);
  // The float model is what it is compared with.
  for (const json& candidate : report["candidates"]) EXPECT_GT(candidate["sqnr_db"], 100);
  EXPECT_GT(report["fidelity"]["outputs"][0]["cosine"], 0.9999);
  EXPECT_FALSE(report.contains("kernels"));
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

// For TensorRT, and for ONNX Runtime's own kernels: the outputs come as close as asked, the layers
// that stay float are named, and one more of them would have been too many.
TEST_F(QuantizeTest, MixedPrecisionReachesItsTarget) {
  for (const char* rules : {"tensorrt", "onnxruntime-x64"}) {
    QuantizeOptions options;
    options.calibrator = "minmax";
    options.rules = rules;
    const auto all = Run(options);
    ASSERT_TRUE(all.ok()) << rules << ": " << all.error().ToString();
    const double before = (*all->report)["fidelity"]["outputs"][0]["sqnr_db"];
    options.target_sqnr_db = before + 4;
    const auto done = Run(options);
    ASSERT_TRUE(done.ok()) << rules << ": " << done.error().ToString();
    const json& report = *done->report;
    const json& mixed = report["mixed"];
    EXPECT_GE(report["fidelity"]["outputs"][0]["sqnr_db"].get<double>(), before + 3.99) << rules;
    EXPECT_NEAR(mixed["sqnr_db"], report["fidelity"]["outputs"][0]["sqnr_db"], 0.01) << rules;
    std::vector<std::string> excluded;
    double last = -1e9;
    for (const json& layer : mixed["layers"]) {
      if (layer["excluded"]) excluded.push_back(layer["name"]);
      const json& alone = layer["alone_sqnr_db"];
      if (alone.is_null()) continue;
      // Alone none of them does more harm than all together; the worst stand first.
      EXPECT_GT(alone.get<double>(), before - 3) << rules << " " << layer;
      EXPECT_GE(alone.get<double>(), last);
      last = alone;
    }
    EXPECT_EQ(report["excluded"], json(excluded));
    ASSERT_FALSE(excluded.empty());
    EXPECT_LT(excluded.size(), mixed["layers"].size());
    for (const json& node : report["nodes"]) {
      const bool left_out = std::ranges::count(excluded, node["name"].get<std::string>()) > 0;
      EXPECT_FALSE(left_out && node["int8"].get<bool>()) << node;
    }
    for (const json& probe : mixed["probes"]) {
      const bool fewer = probe["excluded"].get<size_t>() < excluded.size();
      EXPECT_TRUE(!fewer || probe["sqnr_db"].get<double>() < before + 4) << probe;
    }
  }
}

TEST_F(QuantizeTest, MixedPrecisionSaysWhatItCannotReach) {
  QuantizeOptions options;
  options.calibrator = "minmax";
  options.samples = 16;
  options.target_sqnr_db = 190;
  EXPECT_EQ(Run(options).error().code, ErrorCode::kUnsupported);
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

// int8 weights alone leave 42 dB of this model (ONNX Runtime on 64 test images); int16 activations
// take nothing more away.
TEST_F(QuantizeTest, Int16ActivationsLoseNextToNothing) {
  QuantizeOptions options;
  options.precision = "int16x8";
  options.rules = "litert-int16x8";
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  const json& report = *done->report;
  EXPECT_GT(report["fidelity"]["outputs"][0]["sqnr_db"].get<double>(), 35.0);
  EXPECT_EQ(report["calibrator"], "minmax");
  EXPECT_EQ(report["opset_converted_to"], 21);
  EXPECT_GE(report["int16_nodes"].get<int64_t>(), 24);  // 20 convolutions, 3 sums, a dense layer
  const ir::Graph& graph = done->model.graph;
  for (const ir::NodeId id : graph.nodes()) {
    if (!graph.node(id).Is("QuantizeLinear")) continue;
    const auto zero_point = graph.ConstantOf(graph.node(id).input(2));
    ASSERT_TRUE(zero_point);
    EXPECT_EQ(zero_point->type(), ir::DataType::kInt16);
    EXPECT_EQ(zero_point->as<int16_t>()[0], 0);
  }
}

TEST_F(QuantizeTest, ThePrecisionIsTheRuleSets) {
  QuantizeOptions options;
  options.rules = "litert-int16x8";
  const auto done = Run(options);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kUsage);
  EXPECT_NE(done.error().message.find("is for --precision int16x8"), std::string::npos)
      << done.error().message;
}

// What one calibration found, written and read again.
class TableTest : public QuantizeTest {
 protected:
  static quant::CalibrationTable Written(const Quantized& done) {
    auto table = quant::CalibrationTableFromJson(done.table->dump());
    EXPECT_TRUE(table.ok()) << (table.ok() ? "" : table.error().ToString());
    return *std::move(table);
  }
  static Result<Quantized> RunWith(const quant::CalibrationTable& table,
                                   const std::string& rules = "onnxruntime-x64",
                                   const std::string& calibrator = "auto") {
    QuantizeOptions options;
    options.table = &table;
    options.rules = rules;
    options.calibrator = calibrator;
    if (rules == "litert-int16x8") options.precision = "int16x8";
    return Run(options, /*with_data=*/false);
  }
};

TEST_F(TableTest, GivesTheSameModelAndServesOtherRuleSets) {
  QuantizeOptions options;
  options.calibrator = "mse";
  options.shared_table = true;
  options.model_sha256 = "abc";
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  const quant::CalibrationTable table = Written(*done);
  EXPECT_EQ(table.model_sha256, "abc");
  EXPECT_EQ(table.rules, "onnxruntime-x64");
  const auto again = RunWith(table);
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_EQ(*formats::SerializeOnnx(again->model), *formats::SerializeOnnx(done->model));
  EXPECT_EQ((*again->report)["calibrator"], "mse");
  EXPECT_EQ((*again->report)["samples"], 128);
  EXPECT_EQ((*again->report)["from_table"], true);
  EXPECT_TRUE(again->table->is_null());
  for (const char* rules : {"onnxruntime-arm64", "litert", "litert-int16x8"}) {
    const auto other = RunWith(table, rules);
    EXPECT_TRUE(other.ok()) << rules << ": " << other.error().ToString();
  }
  // Another calibrator is found in the histograms.
  EXPECT_TRUE(RunWith(table, "onnxruntime-x64", "percentile").ok());
}

TEST_F(TableTest, SaysWhatItLacks) {
  QuantizeOptions options;
  options.calibrator = "minmax";  // which needs no histograms, so that there are none
  const auto done = Run(options);
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  quant::CalibrationTable table = Written(*done);
  const auto without = RunWith(table, "onnxruntime-x64", "mse");
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, ErrorCode::kBadInput);
  EXPECT_NE(without.error().message.find("no histogram"), std::string::npos)
      << without.error().message;
  table.tensors.erase("input");
  const auto partly = RunWith(table);
  ASSERT_FALSE(partly.ok());
  EXPECT_EQ(partly.error().code, ErrorCode::kBadInput);
  EXPECT_NE(partly.error().message.find("it lacks 'input'"), std::string::npos)
      << partly.error().message;
}

}  // namespace
}  // namespace edgeopt::pipeline
