// TensorRT as a runtime, with the fake trtexec and the stand-ins of TensorRT's headers in the place
// of the real ones. What they answer is documented there: nothing is computed by the former, the
// latter's engine doubles its input.
#include "runtimes/tensorrt/tensorrt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace edgeopt::runtimes {
namespace {

namespace fs = std::filesystem;

const std::string kRoot = EDGEOPT_SOURCE_DIR;

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
// float32 [N, 2].
std::string ValueOf(int number, const std::string& name) {
  const std::string shape = Field(1, Field(2, "N")) + Field(1, Number(1, 2));
  return Field(number, Field(1, name) + Field(2, Field(1, Number(1, 1) + Field(2, shape))));
}
// x -> Q -> DQ -> Conv -> c -> MatMul -> y: what the fake looks at.
std::string TinyModel() {
  const std::string graph = NodeOf("QuantizeLinear", "x", "q") +
                            NodeOf("DequantizeLinear", "q", "d") + NodeOf("Conv", "d", "c") +
                            NodeOf("MatMul", "c", "y") + ValueOf(11, "x") + ValueOf(12, "y");
  const auto size = static_cast<int>(graph.size());
  return Number(1, 8) +
         std::string{static_cast<char>(7 << 3 | 2), static_cast<char>((size & 0x7F) | 0x80),
                     static_cast<char>(size >> 7)} +
         graph;
}

// A variable of the environment, set back at the end.
class Setting {
 public:
  Setting(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Setting() {
    if (before_)
      ::setenv(name_.c_str(), before_->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  Setting(const Setting&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

class TensorRtRuntime : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
    for (const char* name : {"bin", "empty", "lib", "sdk"})
      ASSERT_TRUE(fs::create_directory(Path(name)));
    ASSERT_TRUE(WriteFile(Path("m.onnx"), TinyModel()).ok());
    // Notes every call.
    WriteProgram("bin/trtexec", "echo \"$@\" >> '" + Path("calls") + "'\nexec '" + kRoot +
                                    "/tests/fakes/trtexec/trtexec' \"$@\"\n");
    // Nothing is in the libraries that the runner is linked to.
    for (const char* name : {"nvinfer", "nvinfer_plugin", "cudart"})
      ASSERT_TRUE(WriteFile(Path("lib/lib") + name + ".a", "!<arch>\n").ok());
    path_.emplace("PATH", Path("bin") + ":" + std::getenv("PATH"));
    Become("8.6.2");
  }
  std::string Path(const std::string& name) const { return folder_->path() / name; }
  void WriteProgram(const std::string& name, const std::string& script) {
    ASSERT_TRUE(WriteFile(Path(name), "#!/bin/sh\n" + script).ok());
    fs::permissions(Path(name), fs::perms::owner_all);
  }
  void Become(const std::string& version) { version_.emplace("FAKE_TRTEXEC_VERSION", version); }
  // The headers of that major version and what there is to link are where the compiler looks.
  void HaveHeaders(int major) {
    ASSERT_TRUE(WriteFile(Path("sdk/NvInferRuntime.h"),
                          "#define NV_TENSORRT_MAJOR " + std::to_string(major) + "\n#include \"" +
                              kRoot + "/tests/fakes/tensorrt_sdk/NvInferRuntime.h\"\n")
                    .ok());
    headers_.emplace("CPLUS_INCLUDE_PATH", Path("sdk") + ":" + kRoot + "/tests/fakes/tensorrt_sdk");
    libraries_.emplace("LIBRARY_PATH", Path("lib"));
  }
  std::string Calls() const {
    const auto calls = ReadFile(Path("calls"));
    return calls.ok() ? *calls : std::string();
  }
  int64_t Builds() const {
    const std::string calls = Calls();
    int64_t builds = 0;
    for (size_t at = 0; (at = calls.find("--onnx=", at)) != std::string::npos; ++at) ++builds;
    return builds;
  }
  static SessionOptions Options(char first_digit = '0') {
    SessionOptions options;
    options.tensorrt.model.inputs = {{"x", ir::DataType::kFloat32, {-1, 2}, {"N", ""}}};
    options.tensorrt.model.outputs = {{"y", ir::DataType::kFloat32, {-1, 2}, {"N", ""}}};
    options.tensorrt.model.int8 = true;
    options.tensorrt.model.int8_nodes = {"n_c"};
    options.tensorrt.model.sha256 = first_digit + std::string(63, '7');
    return options;
  }
  std::shared_ptr<Runtime> Open() const { return OpenTensorRt({Path("cache"), {}}); }
  Result<std::unique_ptr<Session>> Load(const SessionOptions& options = Options()) const {
    return Open()->Load(Path("m.onnx"), options);
  }
  static ir::Tensor Rows(const std::vector<float>& values) {
    return ir::Tensor::Of({static_cast<int64_t>(values.size()) / 2, 2}, values);
  }

  std::optional<TemporaryFolder> folder_;
  std::optional<Setting> path_, version_, headers_, libraries_;
};

std::vector<float> Floats(const Result<std::vector<ir::Tensor>>& outputs) {
  EXPECT_TRUE(outputs.ok()) << outputs.error().ToString();
  if (!outputs.ok() || outputs->size() != 1) return {};
  EXPECT_EQ(outputs->front().name, "y");
  const auto values = outputs->front().as<float>();
  return {values.begin(), values.end()};
}

#define EXPECT_REFUSED(result, error_code, words)                              \
  do {                                                                         \
    const auto& refused = (result);                                            \
    ASSERT_FALSE(refused.ok());                                                \
    EXPECT_EQ(refused.error().code, error_code) << refused.error().ToString(); \
    EXPECT_NE(refused.error().ToString().find(words), std::string::npos)       \
        << refused.error().ToString();                                         \
  } while (false)

TEST_F(TensorRtRuntime, TellsItsVersionOrWhyThereIsNone) {
  Become("10.3.0");
  EXPECT_EQ(Open()->version(), "10.3.0");
  EXPECT_EQ(Open()->missing(), "");
  const Setting nowhere("PATH", Path("empty"));
  EXPECT_NE(Open()->missing().find("trtexec"), std::string::npos);
  EXPECT_REFUSED(Load(), ErrorCode::kUnavailable, "libnvinfer-bin");
}

TEST_F(TensorRtRuntime, TakesTheTrtexecThatIsNamedAlone) {
  const Setting nowhere("PATH", Path("empty") + ":/usr/bin:/bin");
  SessionOptions options = Options();
  options.tensorrt.trtexec = Path("bin/trtexec");
  EXPECT_TRUE(Load(options).ok());
  options.tensorrt.trtexec = Path("other");
  EXPECT_REFUSED(Load(options), ErrorCode::kUnavailable, Path("other"));
  WriteProgram("chatter", "echo no banner\n");
  options.tensorrt.trtexec = Path("chatter");
  EXPECT_REFUSED(Load(options), ErrorCode::kBadInput, "&&&& RUNNING");
}

TEST_F(TensorRtRuntime, BuildsOncePerModelOptionsVersionAndGpu) {
  const auto builds_of = [&](const SessionOptions& options) {
    const int64_t before = Builds();
    const auto session = Load(options);
    EXPECT_TRUE(session.ok()) << session.error().ToString();
    return Builds() - before;
  };
  for (const char* version : {"8.6.2", "11.4.1"}) {
    Become(version);
    EXPECT_EQ(builds_of(Options()), 1) << version;
    EXPECT_EQ(builds_of(Options()), 0) << version;
    EXPECT_EQ(builds_of(Options('1')), 1) << version;
    SessionOptions roomy = Options();
    roomy.tensorrt.workspace_mib = 64;
    EXPECT_EQ(builds_of(roomy), 1) << version;
    const Setting gpu("FAKE_TRTEXEC_GPU", "Orin;8.7;16");
    EXPECT_EQ(builds_of(Options()), 1) << version;
  }
}

TEST_F(TensorRtRuntime, BuildsWhatTheGraphSays) {
  Become("10.3.0");
  ASSERT_TRUE(Load().ok());
  EXPECT_NE(Calls().find("--stronglyTyped"), std::string::npos);
  EXPECT_NE(Calls().find("--minShapes='x':1x2 --optShapes='x':1x2 --maxShapes='x':8x2"),
            std::string::npos);
  SessionOptions on_dla = Options();
  on_dla.tensorrt.dla_core = 0;
  EXPECT_REFUSED(Load(on_dla), ErrorCode::kUnsupported, "DLA");
  SessionOptions free_size = Options();
  free_size.tensorrt.model.inputs[0].dims = {1, -1};
  EXPECT_REFUSED(Load(free_size), ErrorCode::kUnsupported, "[1, -1]");
}

TEST_F(TensorRtRuntime, SaysWhatItMade) {
  const auto session = Load();
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  const auto files = (*session)->built_files();
  ASSERT_EQ(files.size(), 3u);
  const std::string start = "trt8.6.2-sm87-8-orin";
  EXPECT_EQ(files[0].filename().string().substr(0, start.size()), start);
  EXPECT_EQ(files[0].extension(), ".engine");
  EXPECT_EQ(files[1].extension(), ".json");
  EXPECT_EQ(files[2].filename(), start + ".timing");
  for (const fs::path& file : files) EXPECT_EQ(file.parent_path(), Path("cache"));
  // The next build goes on with the timings of the first: the fake adds a word per build.
  ASSERT_TRUE(Load(Options('1')).ok());
  EXPECT_EQ(*ReadFile(files[2]), "timingtiming");
}

TEST_F(TensorRtRuntime, LoadsAnEngineOfTheSameVersionAndGpuAlone) {
  HaveHeaders(8);
  const auto built = Load();
  ASSERT_TRUE(built.ok());
  const fs::path engine = (*built)->built_files()[0];
  const auto session = Open()->Load(engine, {});
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_EQ((*session)->inputs()[0].name, "x");
  EXPECT_EQ(Floats((*session)->Run({Rows({1, 2})})), (std::vector<float>{2, 4}));

  const fs::path alone = Path("alone.engine");
  fs::copy_file(engine, alone);
  EXPECT_TRUE(Open()->Load(alone, {}).ok());
  {
    const Setting gpu("FAKE_TRTEXEC_GPU", "Orin;8.7;16");
    EXPECT_REFUSED(Open()->Load(engine, {}), ErrorCode::kUnsupported, "16 multiprocessors");
  }
  Become("10.3.0");
  EXPECT_REFUSED(Open()->Load(engine, {}), ErrorCode::kUnsupported, "8.6.2");
  EXPECT_REFUSED(Open()->Load(alone, {}), ErrorCode::kUnsupported, "8.6.2");
}

TEST_F(TensorRtRuntime, AnEngineAloneNeedsTheRunner) {
  const auto built = Load();
  ASSERT_TRUE(built.ok());
  EXPECT_REFUSED(Open()->Load((*built)->built_files()[0], {}), ErrorCode::kUnavailable,
                 "libnvinfer-dev");
}

TEST_F(TensorRtRuntime, AFailedBuildLeavesNothing) {
  const auto fails = [&](const char* how, ErrorCode code, const std::string& words) {
    const Setting failure("FAKE_TRTEXEC_FAIL", how);
    EXPECT_REFUSED(Load(), code, words);
  };
  fails("memory", ErrorCode::kUnavailable, "memory");
  fails("operator", ErrorCode::kUnsupported, "operator");
  fails("implementation", ErrorCode::kUnsupported, "Conv_119");
  fails("killed", ErrorCode::kUnavailable, "killed");
  EXPECT_TRUE(fs::is_empty(Path("cache")));
  ASSERT_TRUE(WriteFile(Path("m.onnx"), "garbage").ok());
  EXPECT_REFUSED(Load(), ErrorCode::kUnsupported, "can't read the model");
  EXPECT_TRUE(fs::is_empty(Path("cache")));
}

TEST_F(TensorRtRuntime, ABuildWithoutAnEngineIsNone) {
  // As on a disk that is full: it says PASSED, and the file is empty.
  WriteProgram("bin/trtexec", R"(
case "$*" in *--saveEngine=*) for word; do case $word in --saveEngine=*) : > "${word#*=}";; esac; done;; esac
echo '&&&& RUNNING TensorRT.trtexec [TensorRT v8602] # trtexec'
printf '[01/01/2026-00:00:00] [I] %s\n' 'Selected Device: Orin' 'Compute Capability: 8.7' 'SMs: 8'
echo '&&&& PASSED TensorRT.trtexec [TensorRT v8602] # trtexec'
)");
  EXPECT_REFUSED(Load(), ErrorCode::kUnavailable, "disk space");
  EXPECT_TRUE(fs::is_empty(Path("cache")));
}

TEST_F(TensorRtRuntime, ADamagedCacheIsBuiltAnew) {
  const auto built = Load();
  ASSERT_TRUE(built.ok());
  ASSERT_TRUE(WriteFile((*built)->built_files()[1], "{").ok());
  EXPECT_TRUE(Load().ok());
  EXPECT_EQ(Builds(), 2);
  ASSERT_TRUE(WriteFile((*built)->built_files()[0], "").ok());
  EXPECT_TRUE(Load().ok());
  EXPECT_EQ(Builds(), 3);
}

TEST_F(TensorRtRuntime, AFolderThatCannotBeIsTheDisks) {
  ASSERT_TRUE(WriteFile(Path("cache"), "a file").ok());
  const auto session = Load();
  EXPECT_REFUSED(session, ErrorCode::kUnavailable, Path("cache"));
  EXPECT_TRUE(session.error().environment);
}

TEST_F(TensorRtRuntime, StopsWhenItIsTold) {
  SessionOptions options = Options();
  options.go_on = [] { return false; };
  EXPECT_REFUSED(Load(options), ErrorCode::kInterrupted, "interrupted");
}

TEST_F(TensorRtRuntime, RunsBatchesByTheRunner) {
  for (const int major : {8, 10}) {
    Become(major == 8 ? "8.6.2" : "10.3.0");
    HaveHeaders(major);
    const auto session = Load();
    ASSERT_TRUE(session.ok()) << session.error().ToString();
    EXPECT_EQ((*session)->executes_by(), "runner") << (*session)->executes_because();
    EXPECT_EQ((*session)->executes_because(), "");
    EXPECT_EQ(Floats((*session)->Run({Rows({1, 2})})), (std::vector<float>{2, 4}));
    EXPECT_EQ(Floats((*session)->Run({Rows({1, 2, 3, 4, 5, 6})})),
              (std::vector<float>{2, 4, 6, 8, 10, 12}));
    EXPECT_REFUSED((*session)->Run({Rows(std::vector<float>(18))}), ErrorCode::kBadInput, "1 to 8");
    // The fake engine takes 4 rows; the runner ends, and the next batch has another one.
    EXPECT_REFUSED((*session)->Run({Rows(std::vector<float>(10))}), ErrorCode::kUnavailable,
                   "outside of the profile");
    EXPECT_EQ(Floats((*session)->Run({Rows({1, 2})})), (std::vector<float>{2, 4}));
  }
}

TEST_F(TensorRtRuntime, CompilesTheRunnerOnce) {
  HaveHeaders(8);
  ASSERT_TRUE(Load().ok());
  headers_.emplace("CPLUS_INCLUDE_PATH", Path("empty"));
  const auto session = Load();
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*session)->executes_by(), "runner");
}

// What the fake trtexec says of its outputs: element i is (i % 97) / 97, in six digits.
TEST_F(TensorRtRuntime, RunsByTrtexecWithoutHeaders) {
  const auto session = Load();
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  EXPECT_EQ((*session)->executes_by(), "trtexec");
  EXPECT_NE((*session)->executes_because().find("does not compile"), std::string::npos);
  EXPECT_EQ(Floats((*session)->Run({Rows({1, 2, 3, 4})})),
            (std::vector<float>{0, 0.0103093f, 0.0206186f, 0.0309278f}));
  EXPECT_NE(Calls().find("--shapes='x':2x2"), std::string::npos);
}

TEST_F(TensorRtRuntime, ARunnerOfAnotherVersionIsNotUsed) {
  HaveHeaders(8);
  Become("10.3.0");
  const auto session = Load();
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*session)->executes_by(), "trtexec");
  EXPECT_NE((*session)->executes_because().find("8602"), std::string::npos);
}

// The fake's query i takes latency * (1 + 0.002 * (i % 5)); its copies 0.05 ms each.
TEST_F(TensorRtRuntime, TimesAreThoseThatTrtexecExports) {
  const Setting latency("FAKE_TRTEXEC_LATENCY_MS", "4");
  for (const char* version : {"8.6.2", "10.3.0", "10.16.2", "11.4.1"}) {
    Become(version);
    for (const bool transfers : {false, true}) {
      SessionOptions options = Options();
      options.tensorrt.transfers = transfers;
      const auto session = Load(options);
      ASSERT_TRUE(session.ok());
      SelfTimed* timed = (*session)->self_timed();
      ASSERT_NE(timed, nullptr);
      const auto times = timed->Time({Rows({1, 2})}, {0.2, 300, 0.5});
      ASSERT_TRUE(times.ok()) << times.error().ToString();
      EXPECT_EQ(times->size(), 300u);  // a second of 4 ms is less
      const int64_t copies = transfers ? 100'000 : 0;
      for (size_t i = 0; i < times->size(); ++i)
        EXPECT_EQ((*times)[i], 4'000'000 + 8'000 * static_cast<int64_t>(i % 5) + copies) << i;
      EXPECT_NE(timed->timed_as().find(transfers ? "with the copies" : "without the copies"),
                std::string::npos);
    }
  }
}

// Conv is one of the layers that the fake's DLA has, MatMul is not.
TEST_F(TensorRtRuntime, AnEngineForADlaTakesOneSampleAndTellsWhatFellBack) {
  Become("11.4.1");
  SessionOptions options = Options();
  options.tensorrt.dla_core = 1;
  const auto on_gpu = Load();
  ASSERT_TRUE(on_gpu.ok());
  EXPECT_FALSE((*on_gpu)->dla_placement().has_value());
  for (const char* when : {"built", "kept"}) {
    const auto session = Load(options);
    ASSERT_TRUE(session.ok()) << session.error().ToString();
    EXPECT_EQ(Builds(), 2) << when;
    EXPECT_EQ((*session)->inputs()[0].dims, (ir::Dims{1, 2}));
    EXPECT_TRUE((*session)->Run({Rows({1, 2})}).ok());
    EXPECT_REFUSED((*session)->Run({Rows({1, 2, 3, 4})}), ErrorCode::kBadInput, "takes one");
    const auto placement = (*session)->dla_placement();
    ASSERT_TRUE(placement && placement->known) << when;
    EXPECT_EQ(placement->core, 1);
    EXPECT_EQ(placement->on_dla, std::vector<std::string>{"{ForeignNode[n_c]}"});
    EXPECT_EQ(placement->on_gpu, std::vector<std::string>{"MATMUL: n_y"});
  }
  EXPECT_NE(Calls().find("--useDLACore=1 --allowGPUFallback"), std::string::npos);
  EXPECT_NE(Calls().find("--maxShapes='x':1x2"), std::string::npos);
  // Another core's engine is another one.
  options.tensorrt.dla_core = 0;
  ASSERT_TRUE(Load(options).ok());
  EXPECT_EQ(Builds(), 3);
}

TEST_F(TensorRtRuntime, ProfilesLayersAndFindsWhatFellBack) {
  const Setting latency("FAKE_TRTEXEC_LATENCY_MS", "4");
  SessionOptions options = Options();
  options.tensorrt.model.int8_nodes = {"n_c", "n_gone"};
  for (const bool falls_back : {false, true}) {
    const Setting fallback("FAKE_TRTEXEC_FALLBACK", falls_back ? "n_c" : "");
    fs::remove_all(Path("cache"));
    const auto session = Load(options);
    ASSERT_TRUE(session.ok());
    const auto profile = (*session)->self_timed()->Profile({Rows({1, 2})}, {0.2, 20, 0});
    ASSERT_TRUE(profile.ok()) << profile.error().ToString();
    EXPECT_EQ(profile->runs, 20);
    ASSERT_EQ(profile->layers.size(), 2u);
    EXPECT_EQ(profile->layers[0].node, "n_c");
    EXPECT_EQ(profile->layers[0].op_type, "CaskConvolution");
    EXPECT_EQ(profile->layers[0].provider, "TensorRT");
    EXPECT_EQ(profile->layers[0].duration_us, 2000);
    EXPECT_EQ(profile->layers[0].precision, falls_back ? "float16" : "int8");
    EXPECT_EQ(profile->int8_unknown, std::vector<std::string>{"n_gone"});
    ASSERT_EQ(profile->int8_fallbacks.size(), falls_back ? 1u : 0u);
    if (falls_back) {
      EXPECT_EQ(profile->int8_fallbacks[0].node, "n_c");
      EXPECT_EQ(profile->int8_fallbacks[0].ran, "float16");
    }
  }
}

}  // namespace
}  // namespace edgeopt::runtimes
