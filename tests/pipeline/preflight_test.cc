#include "pipeline/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "ir/npy.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A model of 4 features and 3 classes, 1200 labelled samples and 300 for calibration, all as .npz.
class PreflightTest : public ::testing::Test {
 protected:
  PreflightTest() {
    WriteModel(
        "g (float[n, 4] x) => (float[n, 3] y) <float[4, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, "
        "10, 11, 12}> { y = MatMul(x, w) }");
    WriteData("val.npz", 1200, 0, 3);
    WriteData("train.npz", 300, 1, 3);
    options_.model = Path("net.onnx");
    options_.data.path = Path("val.npz");
    options_.calibration.path = Path("train.npz");
    options_.metric = "top1";
    options_.work = Path("work");
    options_.tool_version = "1.2.3";
    world_.load = [](const fs::path&) -> Result<PreflightWorld::Runtime> {
      return PreflightWorld::Runtime{"onnxruntime", "1.31.1"};
    };
    host_.machine.cpu_model = "Cortex-A76";
    host_.machine.architecture = "aarch64";
    host_.machine.usable_cpus = 3;
    host_.machine.board = "Raspberry Pi 5 Model B Rev 1.0";
    host_.runtimes = {{"onnxruntime", "1.31.1", ""}, {"litert", "2.1", ""}};
    world_.host = [this]() -> Result<PreflightWorld::Host> { return host_; };
    world_.free_bytes = [this](const fs::path&) -> Result<uint64_t> { return free_bytes_; };
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  void WriteModel(const std::string& text) const {
    const auto model = formats::ParseText(text);
    ASSERT_TRUE(model.ok()) << model.error().ToString();
    ASSERT_TRUE(formats::WriteOnnx(*model, Path("net.onnx")).ok());
  }
  void WriteData(const std::string& name, int64_t samples, float offset, int64_t classes) const {
    std::vector<float> x;
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < samples * 4; ++i)
      x.push_back(offset + std::sin(static_cast<float>(i) / 5) * 10);
    for (int64_t i = 0; i < samples; ++i) labels.push_back(i % classes);
    std::vector<ir::Tensor> arrays = {ir::Tensor::Of<float>({samples, 4}, x),
                                      ir::Tensor::Of<int64_t>({samples}, labels)};
    arrays[0].name = "x";
    arrays[1].name = "label";
    ASSERT_TRUE(ir::WriteNpz(Path(name), arrays).ok());
  }
  Preflight Run() const { return RunPreflight(options_, world_, SilentSink(), nullptr); }
  static const PreflightItem* Find(const Preflight& preflight, const std::string& name) {
    for (const PreflightItem& item : preflight.items)
      if (item.name == name) return &item;
    return nullptr;
  }
  // The level and finding of an item, "none" when it is left out.
  std::string Item(const std::string& name) const {
    const Preflight preflight = Run();
    const PreflightItem* item = Find(preflight, name);
    return item == nullptr ? "none" : std::string(Name(item->level)) + " " + item->finding;
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  RunOptions options_;
  PreflightWorld world_;
  PreflightWorld::Host host_;  // what a run with --host measures on
  uint64_t free_bytes_ = uint64_t{10} << 30;
};

TEST_F(PreflightTest, EverythingThere) {
  const Preflight preflight = Run();
  for (const PreflightItem& item : preflight.items)
    EXPECT_EQ(item.level, Level::kPass) << item.name << ": " << item.finding;
  EXPECT_FALSE(preflight.failure().has_value());
  std::vector<std::string> names;
  for (const PreflightItem& item : preflight.items) names.push_back(item.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("model", "framework", "runtime", "device", "validation data",
                                     "dynamic sizes", "metric", "tolerance", "latency target",
                                     "calibration data", "disk space"));
  const report::Record& record = preflight.record;
  EXPECT_EQ(record.model_sha256, Sha256File(Path("net.onnx")).value());
  EXPECT_EQ(record.model_name, "net");
  EXPECT_EQ(record.runtime_version, "1.31.1");
  EXPECT_EQ(record.calibration.limit, 200);
  EXPECT_EQ(record.calibration.samples, 300);
  EXPECT_EQ(record.held_out_samples, 0);
  EXPECT_GT(record.threads, 0);
}

TEST_F(PreflightTest, OpenSizesAreToldWithWhatTheTargetDoes) {
  EXPECT_EQ(Item("dynamic sizes"),
            "pass x [n, 4]: ONNX Runtime takes any size and plans its memory for each that it "
            "meets; measured at x [1, 4], as the first sample of the validation data");
  options_.device = "jetson-orin-nano";
  EXPECT_THAT(Item("dynamic sizes"), HasSubstr("here 1 to 8, its kernels chosen for 1"));
  WriteModel("g (float[n, m] x) => (float[n, m] y) { y = Relu(x) }");
  EXPECT_THAT(Item("dynamic sizes"), HasSubstr("warn x [n, m]: a TensorRT engine is built for"));
  options_.device = "raspberry-pi-5";
  EXPECT_THAT(Item("dynamic sizes"), HasSubstr("warn x [n, m]: LiteRT prepares the model again"));
  WriteModel("g (float[1, 4] x) => (float[1, 4] y) { y = Relu(x) }");
  EXPECT_EQ(Item("dynamic sizes"), "none");
}

TEST_F(PreflightTest, OtherSizesAreMadeBeforeAnythingElse) {
  options_.source.shapes = {"x=2x4"};
  world_.resize_source = [](const ResizeRequest& request,
                            const fs::path& folder) -> Result<report::Resized> {
    EXPECT_EQ(ToString(request.asked), "--shape x=2x4");
    EXPECT_EQ(request.samples({{"x", ir::DataType::kFloat32, {2, 4}}}).count, 4);
    fs::create_directories(folder / "source");
    fs::copy_file(request.model, folder / "source/model.onnx");
    report::Resized resized;
    resized.asked = ToString(request.asked);
    resized.model = "source/model.onnx";
    resized.original_takes_them = true;
    return resized;
  };
  const Preflight preflight = Run();
  EXPECT_EQ(Find(preflight, "sizes")->level, Level::kPass);
  EXPECT_TRUE(fs::exists(preflight.made_files->path() / preflight.record.resized->model));
  // The record's hash is the original's.
  EXPECT_EQ(preflight.record.model_sha256, Sha256File(Path("net.onnx")).value());
  options_.source.shapes = {"x=0"};
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
  options_.source.shapes = {"x=2x4"};
  world_.resize_source = [](const ResizeRequest&, const fs::path&) -> Result<report::Resized> {
    return GateFailed("it differs by 3");
  };
  EXPECT_THAT(Item("model"), HasSubstr("fail it differs by 3"));
}

TEST_F(PreflightTest, BrokenModels) {
  ASSERT_TRUE(WriteFile(Path("net.onnx"), "no model").ok());
  const Preflight preflight = Run();
  EXPECT_EQ(Find(preflight, "model")->level, Level::kFail);
  EXPECT_EQ(preflight.failure()->code, ErrorCode::kBadInput);
  EXPECT_EQ(Item("validation data"), "none");
  fs::remove(Path("net.onnx"));
  EXPECT_EQ(Find(Run(), "model")->level, Level::kFail);
}

TEST_F(PreflightTest, NanInAWeightIsNamed) {
  auto model = formats::ReadOnnx(Path("net.onnx")).value();
  model.graph.SetInitializer(model.graph.Find("w"),
                             ir::Tensor::Of<float>({4, 3}, std::vector<float>(12, NAN)));
  ASSERT_TRUE(formats::WriteOnnx(model, Path("net.onnx")).ok());
  EXPECT_THAT(Item("model"), HasSubstr("weight 'w' holds NaN"));
}

TEST_F(PreflightTest, AModelThatTheRuntimeCannotLoad) {
  world_.load = [](const fs::path&) -> Result<PreflightWorld::Runtime> {
    return Unsupported("there is no kernel for operator 'Foo'");
  };
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUnsupported);
  EXPECT_THAT(Item("runtime"), HasSubstr("operator 'Foo'"));
}

TEST_F(PreflightTest, AJetsonIsGivenTensorRtAlone) {
  options_.device = "jetson-orin-nano";
  EXPECT_FALSE(Run().failure().has_value());
  options_.format = "onnx";
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUnsupported);
}

TEST_F(PreflightTest, ADlaIsRefusedWhereThereIsNone) {
  options_.device = "jetson-orin-nx";
  options_.dla_core = 1;
  EXPECT_FALSE(Run().failure().has_value());
  EXPECT_EQ(Run().record.dla_core, 1);
  options_.dla_core = 2;
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
  options_.dla_core = 0;
  for (const char* device : {"jetson-orin-nano", "cpu-generic", "raspberry-pi-5"}) {
    options_.device = device;
    EXPECT_EQ(Run().failure()->code, ErrorCode::kUnsupported) << device;
    EXPECT_THAT(Item("device"), HasSubstr("no deep learning accelerator")) << device;
  }
  // The release of TensorRT on the host counts too.
  options_.device = "jetson-agx-orin";
  options_.measuring.host = "orin";
  host_.runtimes = {{"tensorrt", "10.16.2", ""}};
  EXPECT_THAT(Item("device"), HasSubstr("TensorRT 10.16.2 has no DLA"));
  host_.runtimes = {{"tensorrt", "10.3.0", ""}};
  EXPECT_FALSE(Run().failure().has_value());
}

TEST_F(PreflightTest, AnUnknownDeviceIsAUsageError) {
  options_.device = "toaster";
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
}

TEST_F(PreflightTest, TheDeviceDecidesTheFormat) {
  options_.device = "raspberry-pi-5";
  EXPECT_FALSE(Run().failure().has_value());
  for (const char* format : {"onnx", "any"}) {
    options_.format = format;
    EXPECT_EQ(Run().failure()->code, ErrorCode::kUnsupported) << format;
  }
  options_.device = "cpu-generic";
  EXPECT_FALSE(Run().failure().has_value());  // any
}

TEST_F(PreflightTest, TheHostIsTheMachineThatCounts) {
  options_.measuring.host = "pi@board";
  options_.measuring.agent_files = Path("files");
  const Preflight preflight = Run();
  EXPECT_FALSE(preflight.failure().has_value());
  const report::Record& record = preflight.record;
  EXPECT_EQ(record.device, "raspberry-pi-5");  // recognized
  EXPECT_THAT(Item("device"), HasSubstr("which 'pi@board' is"));
  EXPECT_THAT(Item("host"), HasSubstr("pass 'pi@board': Raspberry Pi 5 Model B Rev 1.0, aarch64"));
  EXPECT_EQ(record.latency_label, "");
  EXPECT_EQ(record.format, "tflite");
  EXPECT_EQ(record.threads, 3);
  EXPECT_EQ(record.machine["cpu_model"], "Cortex-A76");
  EXPECT_EQ(record.measuring.host, "pi@board");
  EXPECT_EQ(record.measuring.agent_files, Path("files"));
  EXPECT_EQ(record.measuring.sustained_s, 300);
}

TEST_F(PreflightTest, AHostThatIsAnotherDeviceKeepsTheLabel) {
  options_.measuring.host = "pi@board";
  host_.machine.board = "";
  options_.device = "raspberry-pi-5";
  const Preflight preflight = Run();
  EXPECT_FALSE(preflight.failure().has_value());
  EXPECT_EQ(preflight.record.latency_label, "Host Estimate (not target hardware)");
  EXPECT_THAT(Item("device"), HasSubstr("warn raspberry-pi-5: latencies are measured on"));
  EXPECT_EQ(preflight.record.measuring.sustained_s, 0);
  options_.sustained_s = 10;
  EXPECT_EQ(Run().record.measuring.sustained_s, 10);
}

TEST_F(PreflightTest, SustainedLoadIsForDevicesUnlessAsked) {
  EXPECT_EQ(Run().record.measuring.sustained_s, 0);  // this machine, of no kind
  options_.measuring.host = "pi@board";
  options_.sustained_s = 0;
  EXPECT_EQ(Run().record.measuring.sustained_s, 0);
}

TEST_F(PreflightTest, HostsThatWillNotDo) {
  options_.measuring.host = "pi@board";
  const PreflightWorld::Host good = host_;
  host_.free_bytes = 10;
  EXPECT_THAT(Item("host"), HasSubstr("fail 'pi@board' has"));
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUnavailable);
  host_ = good;
  host_.machine.memory_available_bytes = 10;
  EXPECT_THAT(Item("host"), HasSubstr("of free memory"));
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUnavailable);
  host_ = good;
  host_.runtimes[1] = {"litert", "", "libLiteRt.so is not there"};
  EXPECT_THAT(Item("device"), HasSubstr("fail 'pi@board' can't run tflite: litert: libLiteRt.so"));
  host_.runtimes.pop_back();
  EXPECT_THAT(Item("device"), HasSubstr("does not know litert"));
  world_.host = []() -> Result<PreflightWorld::Host> {
    return Unavailable("'pi@board' refuses the connection", "start sshd there");
  };
  const Preflight lost = Run();
  EXPECT_EQ(lost.failure()->message, "host: 'pi@board' refuses the connection");
  EXPECT_EQ(lost.failure()->hint, "start sshd there");
  EXPECT_EQ(Find(lost, "runtime"), nullptr);
  EXPECT_EQ(Find(lost, "device"), nullptr);
}

TEST_F(PreflightTest, DataThatDoesNotFit) {
  std::vector<ir::Tensor> arrays = {ir::Tensor::Zeros(ir::DataType::kFloat32, {50, 5})};
  arrays[0].name = "x";
  ASSERT_TRUE(ir::WriteNpz(Path("val.npz"), arrays).ok());
  EXPECT_EQ(Run().failure()->code, ErrorCode::kBadInput);
  EXPECT_THAT(Item("validation data"), HasSubstr("fail "));
  options_.data.path = Path("none");
  EXPECT_THAT(Item("validation data"), HasSubstr("fail "));
  options_.data.path.clear();
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
}

TEST_F(PreflightTest, LabelsOutOfRangeAreFoundBeforeAnythingIsMeasured) {
  WriteData("val.npz", 1200, 0, 4);
  EXPECT_THAT(Item("validation data"), HasSubstr("fail "));
  EXPECT_EQ(Run().failure()->code, ErrorCode::kBadInput);
}

// One score and a threshold are two classes.
TEST_F(PreflightTest, AYesOrNoModelHasTwoClasses) {
  WriteModel(
      "g (float[n, 4] x) => (float[n, 1] y) <float[4, 1] w = {1, 2, 3, 4}> {"
      " y = MatMul(x, w) }");
  WriteData("val.npz", 1200, 0, 2);
  options_.metric_parameters = {{"threshold", "0.5"}};
  EXPECT_THAT(Item("validation data"), HasSubstr("pass"));
  WriteData("val.npz", 1200, 0, 3);
  EXPECT_THAT(Item("validation data"), HasSubstr("class 2 is outside the model's classes 0 to 1"));
}

// An offset moves them, and other metrics do not take "label" for a class of the output at all.
TEST_F(PreflightTest, LabelsThatAreNoClassesOfTheOutput) {
  WriteData("val.npz", 1200, 0, 4);
  EXPECT_THAT(Item("validation data"), HasSubstr("class 3 is outside"));
  options_.metric_parameters = {{"label_offset", "-1"}};
  EXPECT_THAT(Item("validation data"), HasSubstr("pass"));
  options_.metric = "rmse";
  options_.metric_parameters = {{"target", "label"}};
  EXPECT_THAT(Item("validation data"), HasSubstr("pass"));
}

TEST_F(PreflightTest, FewSamplesWarn) {
  WriteData("val.npz", 100, 0, 3);
  EXPECT_THAT(Item("validation data"), HasSubstr("warn "));
  options_.calibration.limit = 20;
  EXPECT_THAT(Item("calibration data"), HasSubstr("warn "));
}

TEST_F(PreflightTest, WithoutCalibrationDataAPartOfTheDataIsKeptForIt) {
  options_.calibration = {};
  const Preflight preflight = Run();
  EXPECT_EQ(preflight.record.held_out_samples, 200);
  EXPECT_THAT(Item("calibration data"), HasSubstr("pass 200 samples of --data are kept"));
  EXPECT_THAT(Item("validation data"), HasSubstr("1000 samples"));
  WriteData("val.npz", 50, 0, 3);
  EXPECT_EQ(Run().record.held_out_samples, 10);
  WriteData("val.npz", 4, 0, 3);
  EXPECT_THAT(Item("calibration data"), HasSubstr("warn none"));
}

TEST_F(PreflightTest, CalibrationOnValidationDataIsRefused) {
  options_.calibration.path = options_.data.path;
  EXPECT_THAT(Item("calibration data"), HasSubstr("fail 200 of 200 samples are validation data"));
}

TEST_F(PreflightTest, Metrics) {
  options_.metric = "";
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
  options_.metric = "top0";
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUsage);
  options_.metric = "cosine";
  EXPECT_THAT(Item("metric"), HasSubstr("warn cosine: agreement"));
  EXPECT_FALSE(Run().record.metric_needs_labels);
  options_.metric = "sqnr";
  EXPECT_THAT(Item("metric"), HasSubstr("fail the baseline's sqnr is infinite"));
  std::vector<ir::Tensor> arrays = {ir::Tensor::Zeros(ir::DataType::kFloat32, {1200, 4})};
  arrays[0].name = "x";
  ASSERT_TRUE(ir::WriteNpz(Path("val.npz"), arrays).ok());
  options_.metric = "top1";
  EXPECT_THAT(Item("metric"), HasSubstr("fail 'top1' needs labels"));
}

TEST_F(PreflightTest, ToleranceAndTarget) {
  options_.tolerance_ratio = 0.2;
  EXPECT_THAT(Item("tolerance"), HasSubstr("warn 20 %"));
  for (const double value : {-0.1, 1.0, std::nan("")}) {
    options_.tolerance_ratio = value;
    EXPECT_THAT(Item("tolerance"), HasSubstr("fail")) << value;
  }
  options_.latency_target_ms = -1;
  EXPECT_THAT(Item("latency target"), HasSubstr("fail"));
  options_.latency_target_ms = 2.5;
  EXPECT_EQ(Item("latency target"), "pass 2.50 ms (p50)");
}

TEST_F(PreflightTest, AFullDisk) {
  free_bytes_ = 1000;
  EXPECT_THAT(Item("disk space"), HasSubstr("fail"));
  EXPECT_EQ(Run().failure()->code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace edgeopt::pipeline
