// The parts together, with a fake trtexec of each release (tests/fakes/trtexec) in the place of the
// real one: flags that it takes, files that are read.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/subprocess.h"
#include "runtimes/tensorrt/engine_key.h"
#include "runtimes/tensorrt/layers.h"
#include "runtimes/tensorrt/trtexec_flags.h"
#include "runtimes/tensorrt/trtexec_log.h"
#include "runtimes/tensorrt/trtexec_results.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

namespace fs = std::filesystem;

const std::string kFake = std::string(EDGEOPT_SOURCE_DIR) + "/tests/fakes/trtexec/trtexec";
constexpr const char* kVersions[] = {"8.6.2", "10.3.0", "10.16.2", "11.4.1"};

// Fields of protobuf's wire format, all shorter than 128 bytes.
std::string Field(int number, const std::string& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}
std::string Number(int number, int value) {
  return std::string{static_cast<char>(number << 3), static_cast<char>(value)};
}
std::string NodeOf(const std::string& op, const std::string& in, const std::string& out) {
  return Field(1, Field(1, in) + Field(2, out) + Field(3, "n_" + out) + Field(4, op));
}
std::string ValueOf(int number, const std::string& name) {
  const std::string shape = Field(1, Number(1, 1)) + Field(1, Number(1, 4));
  return Field(number, Field(1, name) + Field(2, Field(1, Number(1, 1) + Field(2, shape))));
}

// x -> Q -> DQ -> Conv -> c -> MatMul -> y, [1, 4], float32: what the fake looks at.
std::string TinyOnnx() {
  const std::string graph = NodeOf("QuantizeLinear", "x", "q") +
                            NodeOf("DequantizeLinear", "q", "d") + NodeOf("Conv", "d", "c") +
                            NodeOf("MatMul", "c", "y") + ValueOf(11, "x") + ValueOf(12, "y");
  std::string model = Number(1, 8);
  // The graph is longer than one byte of length.
  model +=
      std::string{static_cast<char>(7 << 3 | 2), static_cast<char>((graph.size() & 0x7F) | 0x80),
                  static_cast<char>(graph.size() >> 7)};
  return model + graph;
}

class FakeTrtexec : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
    ASSERT_TRUE(WriteFile(Path("m.onnx"), TinyOnnx()).ok());
  }
  std::string Path(const std::string& name) const { return folder_->path() / name; }

  CommandOutput Run(std::vector<std::string> command, std::vector<std::string> settings = {},
                    const char* version = nullptr) {
    command[0] = kFake;
    std::vector<std::string> argv = {
        "env", std::string("FAKE_TRTEXEC_VERSION=") + (version != nullptr ? version : GetParam())};
    argv.insert(argv.end(), settings.begin(), settings.end());
    argv.insert(argv.end(), command.begin(), command.end());
    const auto output = ::edgeopt::RunCommand(argv);
    EXPECT_TRUE(output.ok());
    return output.ok() ? *output : CommandOutput{};
  }
  static Status Check(const CommandOutput& output) {
    return CheckTrtexec(output.status, output.out + output.err);
  }
  Version Known() {
    const CommandOutput help = Run({"", "--help"});
    EXPECT_TRUE(help.status.ok());
    const auto version = ParseTrtexecVersion(help.out + help.err);
    EXPECT_TRUE(version.ok());
    return version.ok() ? *version : Version{};
  }
  BuildOptions Build() const {
    BuildOptions options;
    options.onnx_path = Path("m.onnx");
    options.engine_path = Path("m.engine");
    options.timing_cache_path = Path("timing");
    options.layer_info_path = Path("layers.json");
    options.precisions = {Typing::kGraph, false, true};
    return options;
  }
  CommandOutput Built(std::vector<std::string> settings = {}) {
    return Run(*BuildCommand(Known(), Build()), std::move(settings));
  }

  std::optional<TemporaryFolder> folder_;
};

TEST_P(FakeTrtexec, TellsItsVersion) { EXPECT_EQ(Known().ToString(), GetParam()); }

TEST_P(FakeTrtexec, BuildsAndTells) {
  const CommandOutput output = Built({"FAKE_TRTEXEC_GPU=Orin;8.7;16"});
  ASSERT_TRUE(Check(output).ok()) << Check(output).error().ToString();
  EXPECT_EQ(FindGpu(output.out + output.err), (Gpu{"Orin", 8, 7, 16}));
  EXPECT_TRUE(fs::exists(Path("timing")));
  const auto layers = ParseLayers(*ReadFile(Path("layers.json")));
  ASSERT_TRUE(layers.ok()) << layers.error().ToString();
  const std::vector<std::string> nodes = {"n_c"};
  EXPECT_TRUE(CheckInt8(*layers, nodes).fallbacks.empty());
  EXPECT_TRUE(CheckInt8(*layers, nodes).unknown.empty());
  const std::string engine = *ReadFile(Path("m.engine"));
  EXPECT_EQ(VersionInEngine(std::as_bytes(std::span(engine.data(), engine.size()))), Known());
}

TEST_P(FakeTrtexec, ShowsAFallback) {
  ASSERT_TRUE(Check(Built({"FAKE_TRTEXEC_FALLBACK=n_c"})).ok());
  const auto layers = ParseLayers(*ReadFile(Path("layers.json")));
  ASSERT_TRUE(layers.ok());
  const std::vector<std::string> nodes = {"n_c"};
  const Int8Check check = CheckInt8(*layers, nodes);
  ASSERT_EQ(check.fallbacks.size(), 1u);
  EXPECT_EQ(check.fallbacks[0].ran, ir::DataType::kFloat16);
}

TEST_P(FakeTrtexec, TimesProfilesAndAnswers) {
  ASSERT_TRUE(Check(Built()).ok());
  ASSERT_TRUE(WriteFile(Path("x.bin"), std::string(16, '\0')).ok());
  RunOptions options;
  options.engine_path = Path("m.engine");
  options.inputs = {{"x", Path("x.bin")}};
  options.duration_s = 1;
  options.times_path = Path("times.json");
  options.profile_path = Path("profile.json");
  options.layer_info_path = Path("run_layers.json");
  options.output_path = Path("outputs.json");
  const CommandOutput output =
      Run(*RunEngineCommand(Known(), options), {"FAKE_TRTEXEC_LATENCY_MS=20"});
  ASSERT_TRUE(Check(output).ok()) << Check(output).error().ToString();

  const auto times = ParseTimes(*ReadFile(Path("times.json")));
  ASSERT_TRUE(times.ok()) << times.error().ToString();
  EXPECT_EQ(times->latency_ns.size(), 50u);  // one second of 20 ms, and 50 at least
  EXPECT_EQ(times->latency_ns[0], 20000000);
  const auto profile = ParseLayerTimes(*ReadFile(Path("profile.json")));
  ASSERT_TRUE(profile.ok()) << profile.error().ToString();
  const auto runs = JoinLayers(*profile, *ParseLayers(*ReadFile(Path("run_layers.json"))));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].precision, ir::DataType::kInt8);
  EXPECT_EQ(runs[1].precision, ir::DataType::kFloat32);
  const auto outputs = ParseOutputs(*ReadFile(Path("outputs.json")));
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].name, "y");
  EXPECT_EQ((*outputs)[0].dims(), (ir::Dims{1, 4}));
}

TEST_P(FakeTrtexec, RefusesAnotherVersionsEngine) {
  ASSERT_TRUE(Check(Built()).ok());
  RunOptions options;
  options.engine_path = Path("m.engine");
  const char* const other = std::string(GetParam()) == "10.3.0" ? "10.16.2" : "10.3.0";
  const auto status = Check(Run(*RunEngineCommand(Version{10, 3, 0}, options), {}, other));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(status.error().message.find("another version"), std::string::npos);
}

TEST_P(FakeTrtexec, RefusesAnotherGpusEngine) {
  ASSERT_TRUE(Check(Built()).ok());
  RunOptions options;
  options.engine_path = Path("m.engine");
  const auto status =
      Check(Run(*RunEngineCommand(Known(), options), {"FAKE_TRTEXEC_GPU=NVIDIA Thor;11.0;20"}));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("another GPU"), std::string::npos);
}

TEST_P(FakeTrtexec, FailsAsTheRealOneDoes) {
  EXPECT_EQ(Check(Built({"FAKE_TRTEXEC_FAIL=memory"})).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(Check(Built({"FAKE_TRTEXEC_FAIL=operator"})).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(Check(Built({"FAKE_TRTEXEC_FAIL=implementation"})).error().code,
            ErrorCode::kUnsupported);
  EXPECT_FALSE(fs::exists(Path("m.engine")));
  ASSERT_TRUE(WriteFile(Path("m.onnx"), "no model").ok());
  EXPECT_NE(Check(Built()).error().message.find("can't read the model"), std::string::npos);
}

TEST_P(FakeTrtexec, RefusesOptionsThatItsVersionLacks) {
  for (const auto& [option, first, last] :
       {std::tuple{"--stronglyTyped", 10, 11}, std::tuple{"--fp16", 8, 10},
        std::tuple{"--noCudaGraph", 11, 11}, std::tuple{"--workspace=1", 8, 8},
        std::tuple{"--version", 0, 0}}) {
    const int major = Known().major;
    const auto status = Check(Run({"", "--onnx=" + Path("m.onnx"), "--skipInference", option}));
    EXPECT_EQ(status.ok(), first <= major && major <= last) << option;
    if (!status.ok()) {
      EXPECT_EQ(status.error().code, ErrorCode::kUnsupported) << option;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Releases, FakeTrtexec, ::testing::ValuesIn(kVersions),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
