#include "runtimes/onnxruntime/onnxruntime.h"

#include <fstream>
#include <thread>

#include "base/half.h"
#include "support/ort.h"

namespace edgeopt::runtimes {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::OnnxRuntime;

Tensor Named(std::string name, Tensor tensor) {
  tensor.name = std::move(name);
  return tensor;
}

Result<std::unique_ptr<Session>> LoadText(std::string_view text,
                                          const SessionOptions& options = {}) {
  EDGEOPT_TRY(const ir::Model model, formats::ParseText(text));
  return testing::LoadModel(model, options);
}

constexpr std::string_view kAdd =
    R"(add (float[batch, 3] x, float[3] y) => (float[batch, 3] z) { z = Add(x, y) })";

TEST(OnnxRuntime, SaysWhatIsMissing) {
  const auto missing = OpenOnnxRuntime(std::filesystem::path("/nowhere/libonnxruntime.so"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(missing.error().message.find("/nowhere/libonnxruntime.so"), std::string::npos);
  EXPECT_NE(missing.error().hint.find("--runtime-library"), std::string::npos);

  const auto none = OpenOnnxRuntime(std::vector<std::filesystem::path>{"/a/x.so", "/b/y.so"});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("'/a/x.so', '/b/y.so'"), std::string::npos);
}

TEST(OnnxRuntime, RefusesALibraryThatIsAnotherOne) {
  const auto other = OpenOnnxRuntime(std::filesystem::path("libz.so.1"));
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("is not ONNX Runtime"), std::string::npos);
}

TEST(OnnxRuntime, NamesItself) {
  EXPECT_EQ(OnnxRuntime()->name(), "onnxruntime");
  EXPECT_EQ(OnnxRuntime()->version(), "1.31.1");
}

TEST(OnnxRuntime, TellsInputsAndOutputs) {
  const auto session = LoadText(kAdd);
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  ASSERT_EQ((*session)->inputs().size(), 2u);
  const TensorSpec& x = (*session)->inputs()[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.type, DataType::kFloat32);
  EXPECT_EQ(x.dims, (ir::Dims{-1, 3}));
  EXPECT_EQ(x.symbols, (std::vector<std::string>{"batch", ""}));
  EXPECT_EQ((*session)->outputs()[0].name, "z");
}

// The library for CPUs; that the provider works where there is one, only a Jetson can show.
TEST(OnnxRuntime, SaysThatItHasNoTensorRt) {
  SessionOptions options;
  options.tensorrt_provider_cache = "/nowhere";
  const auto session = LoadText(kAdd, options);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(session.error().message.find("no TensorRT provider"), std::string::npos);
}

TEST(OnnxRuntime, RunsInputsInAnyOrder) {
  const auto session = LoadText(kAdd);
  ASSERT_TRUE(session.ok());
  const Tensor x = Named("x", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Tensor y = Named("y", Tensor::Of<float>({3}, {10, 20, 30}));
  const auto outputs = (*session)->Run({y, x});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2, 3}, {11, 22, 33, 14, 25, 36}));
  EXPECT_EQ((*outputs)[0].name, "z");
}

TEST(OnnxRuntime, OutputsOutliveTheSession) {
  std::vector<Tensor> outputs;
  {
    const auto session = LoadText(kAdd);
    ASSERT_TRUE(session.ok());
    outputs = (*session)
                  ->Run({Named("x", Tensor::Of<float>({1, 3}, {1, 2, 3})),
                         Named("y", Tensor::Of<float>({3}, {1, 1, 1}))})
                  .value();
  }
  EXPECT_EQ(outputs[0], Tensor::Of<float>({1, 3}, {2, 3, 4}));
}

TEST(OnnxRuntime, RefusesWrongInputs) {
  const auto session = LoadText(kAdd);
  ASSERT_TRUE(session.ok());
  const Tensor x = Named("x", Tensor::Of<float>({1, 3}, {1, 2, 3}));
  const Tensor y = Named("y", Tensor::Of<float>({3}, {1, 1, 1}));
  const auto message = [&](const std::vector<Tensor>& inputs) {
    const auto outputs = (*session)->Run(inputs);
    EXPECT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code, ErrorCode::kBadInput);
    return outputs.error().message;
  };
  EXPECT_EQ(message({x}), "input 'y' of the model is not given");
  EXPECT_EQ(message({x, y, Named("w", y)}), "the model has no input 'w'; it has 'x', 'y'");
  EXPECT_EQ(message({x, x, y}), "input 'x' is given twice");
  EXPECT_EQ(message({Named("x", Tensor::Of<uint8_t>({1, 3}, {1, 2, 3})), y}),
            "input 'x' of the model is float32, the data is uint8");
  EXPECT_EQ(message({Named("x", Tensor::Of<float>({1, 4}, {1, 2, 3, 4})), y}),
            "input 'x' of the model has the shape [-1, 3], the data [1, 4]");
}

TEST(OnnxRuntime, TakesAnUnnamedTensorForTheOnlyInput) {
  const auto session = LoadText("f (float[2] x) => (float[2] y) { y = Neg(x) }");
  ASSERT_TRUE(session.ok());
  const auto outputs = (*session)->Run({Tensor::Of<float>({2}, {1, -2})});
  ASSERT_TRUE(outputs.ok());
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2}, {-1, 2}));
}

TEST(OnnxRuntime, CarriesHalfBoolAndStrings) {
  const auto session = LoadText(
      R"(f (float16[3] h, bool[2] b, string[2] s) => (float16[3] h2, bool[2] b2, string[2] s2)
         { h2 = Add(h, h)  b2 = Not(b)  s2 = Identity(s) })");
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  const std::vector<uint16_t> halves = {FloatToHalf(0.5f), FloatToHalf(-2), FloatToHalf(1000)};
  const auto strings = Tensor::MakeStrings({2}, {"", "h\xC3\xA9llo"}).value();
  const auto outputs = (*session)->Run(
      {Named("h", Tensor::Make(DataType::kFloat16, {3}, Buffer::FromVector(halves)).value()),
       Named("b", Tensor::Make(DataType::kBool, {2}, Buffer::Own(std::string("\1\0", 2))).value()),
       Named("s", strings)});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].ToFloats().value(), (std::vector<float>{1, -4, 2000}));
  EXPECT_EQ((*outputs)[1].ToInts().value(), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ((*outputs)[2].strings(), strings.strings());
}

TEST(OnnxRuntime, CarriesFourBitElements) {
  const auto session = LoadText(
      R"(<ir_version: 10, opset_import: ["" : 21]>
         f (int4[3] x) => (float[3] y, int4[3] z) { y = Cast<to = 1>(x)  z = Cast<to = 22>(y) })");
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  // -8, 7, -1: low half first, the last byte's upper half unused.
  const Tensor x = Tensor::Make(DataType::kInt4, {3}, Buffer::Own(std::string("\x78\x0F"))).value();
  const auto outputs = (*session)->Run({x});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({3}, {-8, 7, -1}));
  EXPECT_EQ((*outputs)[1].ToInts().value(), (std::vector<int64_t>{-8, 7, -1}));
}

TEST(OnnxRuntime, CarriesEmptyTensorsAndScalars) {
  const auto session =
      LoadText("f (float[N] x, float s) => (float[N] y, float t) { y = Neg(x)  t = Neg(s) }");
  ASSERT_TRUE(session.ok());
  const auto outputs =
      (*session)->Run({Named("x", Tensor::Of<float>({0}, {})), Named("s", Tensor::Scalar(4.0f))});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].dims(), (ir::Dims{0}));
  EXPECT_EQ((*outputs)[1], Tensor::Scalar(-4.0f));
}

TEST(OnnxRuntime, FlattensSequences) {
  const auto session = LoadText(
      "f (float[4] x, int64 two) => (seq(float[2]) y) { y = SplitToSequence<axis = 0>(x, two) }");
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_TRUE((*session)->outputs()[0].sequence);
  const auto outputs = (*session)->Run(
      {Named("x", Tensor::Of<float>({4}, {1, 2, 3, 4})), Named("two", Tensor::Scalar<int64_t>(2))});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_EQ((*outputs)[1].name, "y[1]");
  EXPECT_EQ((*outputs)[1], Tensor::Of<float>({2}, {3, 4}));

  const auto concat =
      LoadText("f (seq(float[2]) x) => (float[N] y) { y = ConcatFromSequence<axis = 0>(x) }");
  ASSERT_TRUE(concat.ok()) << concat.error().ToString();
  const auto joined = (*concat)->Run({Named("x[0]", (*outputs)[1]), Named("x[1]", (*outputs)[0])});
  ASSERT_TRUE(joined.ok()) << joined.error().ToString();
  EXPECT_EQ((*joined)[0], Tensor::Of<float>({4}, {3, 4, 1, 2}));
}

TEST(OnnxRuntime, ErrorsCarryItsOwnWords) {
  const std::string garbage = "this is not a model";
  const auto broken = OnnxRuntime()->LoadBytes(std::as_bytes(std::span(garbage)), {});
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, ErrorCode::kBadInput);
  EXPECT_NE(broken.error().message.find("ONNX Runtime 1.31.1: "), std::string::npos);

  const auto absent = OnnxRuntime()->Load("/nowhere/model.onnx", {});
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::kBadInput);

  const auto dangling = LoadText("f (float[4] x) => (float[4] y) { y = Add(x, nobody) }");
  ASSERT_FALSE(dangling.ok());
  EXPECT_EQ(dangling.error().code, ErrorCode::kBadInput);

  const auto unknown = LoadText(
      R"(<ir_version: 10, opset_import: ["" : 20, "my.domain" : 1]>
         f (float[2] x) => (float[2] y) { y = my.domain.Mystery(x) })");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(unknown.error().message.find("Mystery"), std::string::npos);

  const auto reshape = LoadText("f (float[4] x, int64[1] s) => (float[N] y) { y = Reshape(x, s) }");
  ASSERT_TRUE(reshape.ok());
  const auto failed = (*reshape)->Run({Named("x", Tensor::Of<float>({4}, {1, 2, 3, 4})),
                                       Named("s", Tensor::Of<int64_t>({1}, {5}))});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kBadInput);
  EXPECT_NE(failed.error().message.find("Reshape"), std::string::npos);
  EXPECT_EQ(failed.error().message.find("/onnxruntime_src/"), std::string::npos)
      << failed.error().message;
}

TEST(OnnxRuntime, WrongModelsAndUnsupportedOnesAreToldApart) {
  const auto code_of = [](const char* text) {
    const auto session = LoadText(text);
    return session.ok() ? ErrorCode::kInternal : session.error().code;
  };
  EXPECT_EQ(code_of("f (float[2, 3] x, float[4, 5] w) => (float[2, 5] y) { y = MatMul(x, w) }"),
            ErrorCode::kBadInput);
  EXPECT_EQ(code_of("f (float[2] x, int64[2] w) => (float[2] y) { y = Add(x, w) }"),
            ErrorCode::kBadInput);
  EXPECT_EQ(code_of("f (float[2] x) => (float[2] y) { y = Frobnicate(x) }"),
            ErrorCode::kUnsupported);
  EXPECT_EQ(code_of("f (float[2] x) => (float[2] y) { y = Relu<slope = 1>(x) }"),
            ErrorCode::kUnsupported);
}

TEST(OnnxRuntime, StderrStaysSilent) {
  ::testing::internal::CaptureStderr();
  const std::string garbage = "this is not a model";
  (void)OnnxRuntime()->LoadBytes(std::as_bytes(std::span(garbage)), {});
  const auto reshape = LoadText("f (float[4] x, int64[1] s) => (float[N] y) { y = Reshape(x, s) }");
  (void)(*reshape)->Run({Named("x", Tensor::Of<float>({4}, {1, 2, 3, 4})),
                         Named("s", Tensor::Of<int64_t>({1}, {5}))});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(OnnxRuntime, LoadsExternalDataBesideTheModel) {
  const auto folder = TemporaryFolder::Create().value();
  auto model =
      formats::ParseText("f (float[2] x) => (float[2] y) <float[2] w = {3, 4}> { y = Mul(x, w) }")
          .value();
  formats::OnnxWriteOptions options;
  options.external_data_threshold_bytes = 0;
  ASSERT_TRUE(formats::WriteOnnx(model, folder.path() / "m.onnx", options).ok());
  ASSERT_TRUE(std::filesystem::exists(folder.path() / "m.onnx.data"));
  const auto session = OnnxRuntime()->Load(folder.path() / "m.onnx", {});
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_EQ((*session)->Run({Tensor::Of<float>({2}, {1, 2})}).value()[0],
            Tensor::Of<float>({2}, {3, 8}));
}

TEST(OnnxRuntime, OneSessionRunsFromSeveralThreads) {
  const auto session = OnnxRuntime()->Load(EDGEOPT_SOURCE_DIR "/examples/fashion_mbv2.onnx", {});
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  const Tensor image = Tensor::Of<float>({1, 1, 28, 28}, std::vector<float>(784, 0.25f));
  const Tensor expected = (*session)->Run({image}).value()[0];
  std::vector<std::thread> threads;
  std::vector<int> equal(2, 0);
  for (int& count : equal)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto outputs = (*session)->Run({image});
        count += outputs.ok() && (*outputs)[0] == expected;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, (std::vector<int>{20, 20}));
}

TEST(OnnxRuntime, OptionsKeepTheAnswer) {
  const std::string path = EDGEOPT_SOURCE_DIR "/examples/fashion_resnet10.onnx";
  const Tensor image = Tensor::Of<float>({1, 1, 28, 28}, std::vector<float>(784, 0.25f));
  const Tensor expected = OnnxRuntime()->Load(path, {}).value()->Run({image}).value()[0];
  SessionOptions frugal;
  frugal.threads = 2;
  frugal.spin = false;
  frugal.arena = false;
  frugal.optimization = GraphOptimization::kNone;
  const auto outputs = OnnxRuntime()->Load(path, frugal).value()->Run({image});
  ASSERT_TRUE(outputs.ok());
  // Another order of summation: float32 rounding over at most a few thousand products.
  EXPECT_LT(testing::Compare({expected}, *outputs).max_abs, 1e-4);
}

TEST(OnnxRuntime, WritesTheGraphAsItFusedIt) {
  const auto folder = TemporaryFolder::Create().value();
  SessionOptions options;
  options.optimization = GraphOptimization::kExtended;
  options.optimized_model_path = folder.path() / "fused.onnx";
  ASSERT_TRUE(
      LoadText("f (float[2] x) => (float[2] y) { a = Identity(x)  y = Neg(a) }", options).ok());
  const auto fused = formats::ReadOnnx(options.optimized_model_path);
  ASSERT_TRUE(fused.ok()) << fused.error().ToString();
  EXPECT_EQ(fused->graph.node_count(), 1u);
}

TEST(OnnxRuntime, ProfilesEachRun) {
  SessionOptions options;
  options.profile = true;
  const auto session = LoadText(kAdd, options);
  ASSERT_TRUE(session.ok());
  const Tensor x = Named("x", Tensor::Of<float>({1, 3}, {1, 2, 3}));
  const Tensor y = Named("y", Tensor::Of<float>({3}, {1, 1, 1}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*session)->Run({x, y}).ok());
  const auto runs = (*session)->EndProfile();
  ASSERT_TRUE(runs.ok()) << runs.error().ToString();
  ASSERT_EQ(runs->size(), 3u);
  ASSERT_EQ((*runs)[2].size(), 1u);
  const ProfileEvent& event = (*runs)[2][0];
  EXPECT_EQ(event.op_type, "Add");
  EXPECT_EQ(event.provider, "CPUExecutionProvider");
  EXPECT_EQ(event.input_types, (std::vector<std::string>{"float", "float"}));
  EXPECT_EQ(event.output_types, (std::vector<std::string>{"float"}));
  EXPECT_FALSE((*session)->EndProfile().ok());  // ended already
}

TEST(Evaluate, ComputesConstants) {
  const auto model = formats::ParseText(
                         "f () => (float[2] y) <float[2] a = {3, 4}, float[2] b = {1, 2}>"
                         "{ y = Mul(a, b) }")
                         .value();
  const std::string bytes = formats::SerializeOnnx(model).value();
  const auto outputs = Evaluate(*OnnxRuntime(), std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2}, {3, 8}));
}

}  // namespace
}  // namespace edgeopt::runtimes
