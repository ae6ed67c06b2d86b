#include "runtimes/litert/litert.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::runtimes {
namespace {

using ir::DataType;
using ir::Tensor;
using testing::BasicPitch;
using testing::LiteRt;
using testing::SmallModel;

Tensor Labelled(std::string name, Tensor tensor) {
  tensor.name = std::move(name);
  return tensor;
}

Result<std::unique_ptr<Session>> LoadSmall(const std::string& name,
                                           const SessionOptions& options = {}) {
  return LiteRt()->Load(SmallModel(name), options);
}

// Two seconds of two tones in noise. Without noise the network takes the logarithm of what is left
// of zero, which is the rounding of whoever computes it.
Tensor Sound() {
  std::vector<float> samples(43844);
  uint32_t state = 1;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / 22050;
    state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator
    const double noise = static_cast<double>(state >> 8) / (1 << 24) - 0.5;
    samples[i] = static_cast<float>(0.4 * std::sin(2 * M_PI * 440 * t) +
                                    0.2 * std::sin(2 * M_PI * 1318.5 * t) + 0.1 * noise);
  }
  return Tensor::Of<float>({1, 43844, 1}, samples);
}

// By ONNX Runtime, in the order of the TFLite file: onset, note, contour. The ONNX file's names are
// StatefulPartitionedCall:2, :1, :0, as are the names of the TFLite file's tensors.
std::vector<Tensor> TruthForSound() {
  const auto session = testing::OnnxRuntime()->Load(BasicPitch("nmp.onnx"), {});
  EXPECT_TRUE(session.ok()) << session.error().ToString();
  const auto outputs = (*session)->Run({Sound()});
  EXPECT_TRUE(outputs.ok()) << outputs.error().ToString();
  std::vector<Tensor> ordered;
  for (const char* name :
       {"StatefulPartitionedCall:2", "StatefulPartitionedCall:1", "StatefulPartitionedCall:0"})
    for (const Tensor& output : *outputs)
      if (output.name == name) ordered.push_back(output);
  EXPECT_EQ(ordered.size(), 3u);
  const char* names[] = {"onset", "note", "contour"};
  for (size_t i = 0; i < ordered.size(); ++i) ordered[i].name = names[i];
  return ordered;
}

// A thread that was joined may still stand in /proc for a moment.
size_t ThreadCount() {
  size_t count = 0, same = 0;
  for (int attempt = 0; attempt < 100 && same < 3; ++attempt) {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    const auto now = static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
    same = now == count ? same + 1 : 0;
    count = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return count;
}

TEST(LiteRt, SaysWhatIsMissing) {
  const auto missing = OpenLiteRt(std::filesystem::path("/nowhere/libLiteRt.so"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(missing.error().message.find("/nowhere/libLiteRt.so"), std::string::npos);
  EXPECT_NE(missing.error().hint.find("tools/setup"), std::string::npos);

  const auto none = OpenLiteRt(std::vector<std::filesystem::path>{"/a/x.so", "/b/y.so"});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("'/a/x.so', '/b/y.so'"), std::string::npos);
}

TEST(LiteRt, NamesTheFunctionThatALibraryLacks) {
  const auto other = OpenLiteRt(std::filesystem::path("libz.so.1"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(other.error().message,
            "'libz.so.1' is not LiteRT 2.1.4: it has no LiteRtCreateEnvironment");
}

TEST(LiteRt, NamesItself) {
  EXPECT_EQ(LiteRt()->name(), "litert");
  EXPECT_EQ(LiteRt()->version(), "2.1.4");
}

TEST(LiteRt, TellsInputsAndOutputs) {
  const auto session = LiteRt()->Load(BasicPitch("nmp.tflite"), {});
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  ASSERT_EQ((*session)->inputs().size(), 1u);
  EXPECT_EQ((*session)->inputs()[0].name, "input_2");
  EXPECT_EQ((*session)->inputs()[0].type, DataType::kFloat32);
  EXPECT_EQ((*session)->inputs()[0].dims, (ir::Dims{-1, 43844, 1}));
  ASSERT_EQ((*session)->outputs().size(), 3u);
  EXPECT_EQ((*session)->outputs()[0].name, "onset");
  EXPECT_EQ((*session)->outputs()[2].dims, (ir::Dims{-1, 172, 264}));
}

// The network begins with filters of 256 products whose sums nearly cancel in quiet bins, and takes
// their logarithm. XNNPACK sums in blocks as ONNX Runtime does: 7e-7 apart. LiteRT's own kernels
// sum one product after the other, 256 * 2^-24 = 1.5e-5 of the loudest; in a bin a hundredth as
// loud that is 1.5e-3, and what follows keeps the order: 2e-4 to 8e-4 seen.
constexpr double kBlockedSums = 1e-5, kPlainSums = 3e-3;

TEST(LiteRt, AgreesWithOnnxRuntimeInEachKernelMode) {
  const std::vector<Tensor> truth = TruthForSound();
  for (const KernelMode mode :
       {KernelMode::kXnnpack, KernelMode::kBuiltin, KernelMode::kReference}) {
    for (const int threads : {1, 2}) {
      if (mode == KernelMode::kReference && threads > 1)
        continue;  // it has one thread, and is slow
      SessionOptions options;
      options.kernels = mode;
      options.threads = threads;
      const auto session = LiteRt()->Load(BasicPitch("nmp.tflite"), options);
      ASSERT_TRUE(session.ok()) << session.error().ToString();
      for (int run = 0; run < (mode == KernelMode::kReference ? 1 : 2); ++run) {
        const auto outputs = (*session)->Run({Sound()});
        ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
        const auto difference = testing::Compare(truth, *outputs);
        EXPECT_EQ(difference.mismatch, "");
        EXPECT_LT(difference.max_abs, mode == KernelMode::kXnnpack ? kBlockedSums : kPlainSums)
            << static_cast<int>(mode) << " " << threads;
      }
    }
  }
  // The tones are heard: the comparison is not one of zeros.
  const auto contour = truth[2].ToFloats().value();
  EXPECT_GT(*std::max_element(contour.begin(), contour.end()), 0.3f);
}

TEST(LiteRt, ThreadsAreThere) {
  const Tensor sound = Sound();
  for (const KernelMode mode : {KernelMode::kXnnpack, KernelMode::kBuiltin}) {
    SessionOptions options;
    options.kernels = mode;
    const size_t before = ThreadCount();
    {
      const auto session = LiteRt()->Load(BasicPitch("nmp.tflite"), options);
      ASSERT_TRUE((*session)->Run({sound}).ok());
      EXPECT_EQ(ThreadCount(), before);
    }
    options.threads = 3;
    const auto session = LiteRt()->Load(BasicPitch("nmp.tflite"), options);
    ASSERT_TRUE((*session)->Run({sound}).ok());
    // XNNPACK and LiteRT's own kernels have a pool each.
    EXPECT_GE(ThreadCount(), before + 2) << static_cast<int>(mode);
  }
}

TEST(LiteRt, LoadsFromBytesThatGoAway) {
  std::unique_ptr<Session> session;
  {
    std::string bytes = ReadFile(SmallModel("subtract")).value();
    session = LiteRt()->LoadBytes(std::as_bytes(std::span(bytes)), {}).value();
    std::fill(bytes.begin(), bytes.end(), '\0');
  }
  const auto outputs = session->Run({Labelled("x", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6})),
                                     Labelled("y", Tensor::Of<float>({3}, {1, 1, 1}))});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2, 3}, {0, 1, 2, 3, 4, 5}));
}

// The signature lists y before x; the graph x before y.
TEST(LiteRt, TakesInputsByNameInAnyOrder) {
  for (const bool signature : {true, false}) {
    const auto session = LoadSmall(signature ? "subtract" : "no_signature");
    ASSERT_TRUE(session.ok()) << session.error().ToString();
    const std::string suffix = signature ? "" : "_tensor";
    const Tensor x = Labelled("x" + suffix, Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
    const Tensor y = Labelled("y" + suffix, Tensor::Of<float>({3}, {10, 20, 30}));
    for (const auto& inputs : {std::vector<Tensor>{x, y}, std::vector<Tensor>{y, x}}) {
      const auto outputs = (*session)->Run(inputs);
      ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
      EXPECT_EQ((*outputs)[0], Tensor::Of<float>({2, 3}, {-9, -18, -27, -6, -15, -24}));
      EXPECT_EQ((*outputs)[0].name, "z" + suffix);
    }
  }
}

TEST(LiteRt, RefusesWrongInputs) {
  const auto session = LoadSmall("subtract");
  ASSERT_TRUE(session.ok());
  const Tensor x = Labelled("x", Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Tensor y = Labelled("y", Tensor::Of<float>({3}, {1, 1, 1}));
  const auto message = [&](const std::vector<Tensor>& inputs) {
    const auto outputs = (*session)->Run(inputs);
    EXPECT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code, ErrorCode::kBadInput);
    return outputs.error().message;
  };
  EXPECT_EQ(message({x}), "input 'y' of the model is not given");
  EXPECT_EQ(message({x, y, Labelled("w", y)}), "the model has no input 'w'; it has 'x', 'y'");
  EXPECT_EQ(message({x, x, y}), "input 'x' is given twice");
  EXPECT_EQ(message({x, Labelled("y", Tensor::Of<int32_t>({3}, {1, 1, 1}))}),
            "input 'y' of the model is float32, the data is int32");
  EXPECT_EQ(message({x, Labelled("y", Tensor::Of<float>({4}, {1, 1, 1, 1}))}),
            "input 'y' of the model has the shape [3], the data [4]");
  EXPECT_TRUE((*session)->Run({x, y}).ok());  // still usable
}

TEST(LiteRt, FollowsTheBatchUpAndDown) {
  const auto session = LoadSmall("dynamic");
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_EQ((*session)->inputs()[0].dims, (ir::Dims{-1, 3}));
  for (const int64_t batch : {1, 2, 7, 7, 3, 1}) {
    std::vector<float> values(static_cast<size_t>(3 * batch)), negated, sum;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(i) + 0.5f;
      negated.push_back(-values[i]);
      sum.push_back(1 - values[i]);
    }
    const auto outputs = (*session)->Run({Tensor::Of<float>({batch, 3}, values)});
    ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
    EXPECT_EQ((*outputs)[0], Tensor::Of<float>({batch, 3}, sum)) << batch;
    EXPECT_EQ((*outputs)[1], Tensor::Of<float>({batch, 3}, negated)) << batch;
  }
  const auto empty = (*session)->Run({Tensor::Of<float>({0, 3}, {})});
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE((*session)->Run({Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6})}).ok());
}

TEST(LiteRt, OutputsOutliveRunsAndTheSession) {
  std::vector<Tensor> first, second;
  {
    const auto session = LoadSmall("dynamic");
    first = (*session)->Run({Tensor::Of<float>({1, 3}, {1, 2, 3})}).value();
    second = (*session)->Run({Tensor::Of<float>({1, 3}, {4, 5, 6})}).value();
  }
  EXPECT_EQ(first[1], Tensor::Of<float>({1, 3}, {-1, -2, -3}));
  EXPECT_EQ(second[1], Tensor::Of<float>({1, 3}, {-4, -5, -6}));
}

TEST(LiteRt, CarriesBoolScalarsAndFourBitElements) {
  const auto session = LoadSmall("types");
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_EQ((*session)->inputs()[2].type, DataType::kInt4);
  // -8, 7, -1: low half first.
  const auto outputs = (*session)->Run(
      {Labelled("b",
                Tensor::Make(DataType::kBool, {2}, Buffer::Own(std::string("\1\0", 2))).value()),
       Labelled("s", Tensor::Scalar<int32_t>(7)),
       Labelled("q",
                Tensor::Make(DataType::kInt4, {3}, Buffer::Own(std::string("\x78\x0F"))).value())});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].ToInts().value(), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ((*outputs)[1], Tensor::Scalar<int32_t>(-7));
  EXPECT_EQ((*outputs)[2], Tensor::Of<float>({3}, {-8, 7, -1}));
}

// A byte that LiteRT writes may be the pattern that its buffer held before.
TEST(LiteRt, AnOutputMayEqualWhatItsBufferHeld) {
  const auto outputs_of = [](float value) {
    const auto session = LoadSmall("dynamic");
    return (*session)->Run({Tensor::Of<float>({1, 3}, {value, value, value})});
  };
  float pattern = 0;
  for (const unsigned char byte : {0xAB, 0x54}) {
    std::memset(&pattern, byte, sizeof(pattern));
    const auto outputs = outputs_of(-pattern);
    ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
    EXPECT_EQ((*outputs)[1], Tensor::Of<float>({1, 3}, {pattern, pattern, pattern}));
  }
}

TEST(LiteRt, ReshapesToShapesComputedOnTheWay) {
  for (const char* name : {"late_reshape", "late_inside"}) {
    for (const KernelMode mode : {KernelMode::kXnnpack, KernelMode::kBuiltin}) {
      SessionOptions options;
      options.kernels = mode;
      const auto session = LoadSmall(name, options);
      ASSERT_TRUE(session.ok()) << session.error().ToString();
      EXPECT_EQ((*session)->outputs()[0].dims, (ir::Dims{-1, 4}));
      const float sign = std::string(name) == "late_inside" ? 1.0f : -1.0f;
      for (int run = 0; run < 3; ++run) {
        const auto outputs = (*session)->Run({Tensor::Of<float>({1, 2, 2}, {1, 2, 3, 4})});
        ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
        EXPECT_EQ((*outputs)[0],
                  Tensor::Of<float>({1, 4}, {1 * sign, 2 * sign, 3 * sign, 4 * sign}));
        EXPECT_EQ((*outputs)[0].name, "out");
      }
      const auto batch = (*session)->Run({Tensor::Of<float>({2, 2, 2}, std::vector<float>(8))});
      ASSERT_FALSE(batch.ok());
      EXPECT_EQ(batch.error().code, ErrorCode::kUnsupported);
      EXPECT_NE(batch.error().message.find("RESHAPE (operator 4)"), std::string::npos)
          << batch.error().message;
    }
  }
}

TEST(LiteRt, ReshapesByAShapeWithoutElements) {
  for (const KernelMode mode : {KernelMode::kXnnpack, KernelMode::kBuiltin}) {
    SessionOptions options;
    options.kernels = mode;
    const auto session = LoadSmall("late_scalar", options);
    ASSERT_TRUE(session.ok()) << session.error().ToString();
    const auto outputs = (*session)->Run({Tensor::Of<float>({1, 1}, {3})});
    ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
    EXPECT_EQ((*outputs)[0], Tensor::Of<float>({1, 1}, {6}));  // 3 - (-3)
  }
}

TEST(LiteRt, NamesWhatItCanNotHandOver) {
  const auto message = [](const char* name) {
    const auto session = LoadSmall(name);
    EXPECT_FALSE(session.ok()) << name;
    if (session.ok()) return std::string();
    EXPECT_EQ(session.error().code, ErrorCode::kUnsupported) << session.error().ToString();
    return session.error().message;
  };
  EXPECT_NE(message("string").find("'x' has the type STRING"), std::string::npos);
  EXPECT_NE(message("data_dependent").find("WHERE (operator 0)"), std::string::npos);
  EXPECT_NE(message("late_input").find("output 'out' is an input"), std::string::npos);
  EXPECT_NE(message("empty").find("without elements"), std::string::npos);
  EXPECT_NE(message("variable").find("'total' is a variable"), std::string::npos);
  EXPECT_NE(message("custom").find("Mystery"), std::string::npos) << message("custom");

  SessionOptions options;
  options.optimized_model_path = "x";
  const auto session = LoadSmall("dynamic", options);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kUnsupported);
}

TEST(LiteRt, ErrorsCarryItsOwnWordsAndStderrStaysSilent) {
  ::testing::internal::CaptureStderr();
  SessionOptions options;
  options.kernels = KernelMode::kBuiltin;
  const auto mismatch = LoadSmall("mismatch", options);
  EXPECT_TRUE(LoadSmall("dynamic").ok());
  std::fputs("still shown\n", stderr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "still shown\n");
  ASSERT_FALSE(mismatch.ok());
  EXPECT_EQ(mismatch.error().code, ErrorCode::kBadInput);
  EXPECT_NE(mismatch.error().message.find("LiteRT 2.1.4: "), std::string::npos);
  EXPECT_NE(mismatch.error().message.find("failed to prepare"), std::string::npos)
      << mismatch.error().message;
}

TEST(LiteRt, ProfilesEachRun) {
  SessionOptions options;
  options.profile = true;
  const auto session = LiteRt()->Load(BasicPitch("nmp.tflite"), options);
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  for (int i = 0; i < 12; ++i) ASSERT_TRUE((*session)->Run({Sound()}).ok());  // > 2048 events
  const auto runs = (*session)->EndProfile();
  ASSERT_TRUE(runs.ok()) << runs.error().ToString();
  ASSERT_EQ(runs->size(), 12u);
  size_t convolutions = 0, mirrored = 0;
  for (const ProfileEvent& event : (*runs)[11]) {
    EXPECT_LT(event.duration_us, 1e9) << event.op_type;
    EXPECT_NE(event.op_type, "Invoke");
    if (event.op_type == "Convolution (NHWC, F32) IGEMM" && event.provider == "XNNPACK")
      ++convolutions;
    if (event.op_type == "MIRROR_PAD" && event.provider == "builtin") ++mirrored;
  }
  EXPECT_GT(convolutions, 10u);
  EXPECT_GE(mirrored, 8u);
  EXPECT_EQ((*runs)[1].size(), (*runs)[11].size());
  EXPECT_FALSE((*session)->EndProfile().ok());  // ended already
  EXPECT_TRUE((*session)->Run({Sound()}).ok());

  const auto other = LoadSmall("dynamic");
  EXPECT_FALSE((*other)->EndProfile().ok());  // not loaded for it
}

TEST(LiteRt, ProfilesItsOwnKernels) {
  SessionOptions options;
  options.profile = true;
  options.kernels = KernelMode::kBuiltin;
  const auto session = LoadSmall("dynamic", options);
  ASSERT_TRUE((*session)->Run({Tensor::Of<float>({1, 3}, {1, 2, 3})}).ok());
  ASSERT_TRUE((*session)->Run({Tensor::Of<float>({2, 3}, {1, 2, 3, 4, 5, 6})}).ok());
  const auto runs = (*session)->EndProfile();
  ASSERT_TRUE(runs.ok()) << runs.error().ToString();
  ASSERT_EQ(runs->size(), 2u);
  for (const auto& run : *runs) {
    ASSERT_EQ(run.size(), 2u);
    EXPECT_EQ(run[0].op_type, "NEG");
    EXPECT_EQ(run[1].op_type, "ADD");
    EXPECT_EQ(run[1].provider, "builtin");
  }
}

TEST(LiteRt, SessionsAndThreadsAtOnce) {
  const auto shared = LoadSmall("dynamic");
  ASSERT_TRUE(shared.ok());
  std::vector<std::thread> threads;
  std::vector<int> right(3, 0);
  for (size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&, t] {
      const auto own = LoadSmall("subtract");
      const auto batch = static_cast<int64_t>(t) + 1;
      const Tensor x = Tensor::Of<float>({batch, 3}, std::vector<float>(3 * t + 3, 2));
      for (int i = 0; i < 10; ++i) {
        const auto negated = (*shared)->Run({x});
        const auto zero =
            (*own)->Run({Labelled("x", Tensor::Of<float>({2, 3}, std::vector<float>(6, 1))),
                         Labelled("y", Tensor::Of<float>({3}, {1, 1, 1}))});
        right[t] +=
            negated.ok() && zero.ok() &&
            (*negated)[1] == Tensor::Of<float>({batch, 3}, std::vector<float>(3 * t + 3, -2)) &&
            (*zero)[0] == Tensor::Of<float>({2, 3}, std::vector<float>(6, 0));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, (std::vector<int>{10, 10, 10}));
}

// Nothing of a broken file may crash: LiteRT is handed none whose structure is not whole.
TEST(LiteRt, GarbageIsBadInput) {
  const auto load = [](std::string bytes) {
    return LiteRt()->LoadBytes(std::as_bytes(std::span(bytes)), {});
  };
  for (const std::string& garbage :
       {std::string(), std::string("TFL3"), std::string("this is not a model at all"),
        std::string("\x10\0\0\0TFL3", 8), std::string("\0\0\0\0TFL3\0\0\0\0", 12),
        std::string("\xff\xff\xff\xffTFL3\0\0\0\0", 12)}) {
    const auto session = load(garbage);
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, ErrorCode::kBadInput) << session.error().ToString();
  }
  const std::string whole = ReadFile(SmallModel("late_reshape")).value();
  for (size_t size = 0; size < whole.size(); size += 3) {
    const auto session = load(whole.substr(0, size));
    ASSERT_FALSE(session.ok()) << size;
    EXPECT_EQ(session.error().code, ErrorCode::kBadInput) << session.error().ToString();
  }
  const auto absent = LiteRt()->Load("/nowhere/model.tflite", {});
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("/nowhere/model.tflite"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::runtimes
