#include "devices/device.h"

#include <gtest/gtest.h>

namespace edgeopt::devices {
namespace {

TEST(Devices, AreFoundByName) {
  for (const char* name : {"cpu-generic", "jetson-agx-orin", "jetson-orin-nano", "jetson-orin-nx",
                           "raspberry-pi-4", "raspberry-pi-5"})
    EXPECT_TRUE(FindDevice(name).ok()) << name;
  const auto unknown = FindDevice("toaster");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kUsage);
  EXPECT_NE(unknown.error().hint.find("cpu-generic"), std::string::npos);
}

TEST(Devices, AWrongFormatIsRefusedWithTheReason) {
  const Device& pi = **FindDevice("raspberry-pi-5");
  EXPECT_TRUE(CheckFormat(pi, "tflite").ok());
  const Status refused = CheckFormat(pi, "onnx");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("XNNPACK"), std::string::npos);
}

TEST(Devices, NumbersOfAnotherMachineAreLabelled) {
  measure::Machine desk;
  desk.architecture = "x86_64";
  measure::Machine pi;
  pi.architecture = "aarch64";
  pi.board = "Raspberry Pi 5 Model B Rev 1.0";
  EXPECT_EQ(LatencyLabel(**FindDevice("raspberry-pi-5"), desk),
            "Host Estimate (not target hardware)");
  EXPECT_EQ(LatencyLabel(**FindDevice("raspberry-pi-4"), pi),
            "Host Estimate (not target hardware)");
  EXPECT_EQ(LatencyLabel(**FindDevice("raspberry-pi-5"), pi), "");
  EXPECT_EQ(LatencyLabel(**FindDevice("cpu-generic"), desk), "");
}

// Names that owners of such boards published: JetPack 5 (jetson-stats' reports), JetPack 6 (Linux's
// tegra234-p3768-0000+p3767-0000.dts, nvpmodel guides), 6.2 ("Super"), AGX Orin of both kinds.
TEST(Devices, JetsonsAreRecognizedByWhatTheirDeviceTreesSay) {
  const std::pair<const char*, const char*> kBoards[] = {
      {"NVIDIA Orin Nano Developer Kit", "jetson-orin-nano"},
      {"NVIDIA Jetson Orin Nano Developer Kit", "jetson-orin-nano"},
      {"NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super", "jetson-orin-nano"},
      {"NVIDIA Orin NX Developer Kit", "jetson-orin-nx"},
      {"NVIDIA Jetson Orin NX Engineering Reference Developer Kit", "jetson-orin-nx"},
      {"NVIDIA Jetson Orin NX Engineering Reference Developer Kit Super", "jetson-orin-nx"},
      {"Jetson AGX Orin Developer Kit", "jetson-agx-orin"},
      {"NVIDIA Jetson AGX Orin Developer Kit", "jetson-agx-orin"},
      {"NVIDIA Jetson Nano Developer Kit", "cpu-generic"},
      {"NVIDIA Jetson Xavier NX Developer Kit", "cpu-generic"}};
  for (const auto& [board, name] : kBoards) {
    measure::Machine machine;
    machine.board = board;
    EXPECT_EQ(RecognizeDevice(machine).name, name) << board;
  }
}

// NVIDIA's data sheets: CUDA compute capability 8.7 for all of Orin; two DLA cores in AGX Orin and
// Orin NX 16GB, none in Orin Nano.
TEST(Devices, JetsonsHaveTheirAccelerators) {
  for (const auto& [name, dla] : {std::pair<const char*, int>{"jetson-agx-orin", 2},
                                  {"jetson-orin-nx", 2},
                                  {"jetson-orin-nano", 0}}) {
    const Device& device = **FindDevice(name);
    EXPECT_EQ(device.compute_capability, "8.7") << name;
    EXPECT_EQ(device.dla_cores, dla) << name;
    EXPECT_EQ(device.calibration.usual, 500) << name;
    EXPECT_EQ(device.calibration.most, 1000) << name;
    EXPECT_EQ(CheckFormat(device, "onnx").error().code, ErrorCode::kUnsupported) << name;
  }
}

TEST(Devices, ThreadsAreTheBoardsCoresAsFarAsThereAreCpus) {
  const Device& pi = **FindDevice("raspberry-pi-5");
  EXPECT_EQ(DefaultThreads(pi, 16), 4);
  EXPECT_EQ(DefaultThreads(pi, 2), 2);
  EXPECT_EQ(DefaultThreads(**FindDevice("cpu-generic"), 16), 16);
}

TEST(Devices, AreRecognizedByTheirBoards) {
  measure::Machine machine;
  EXPECT_EQ(RecognizeDevice(machine).name, "cpu-generic");
  machine.board = "Raspberry Pi 5 Model B Rev 1.0";
  EXPECT_EQ(RecognizeDevice(machine).name, "raspberry-pi-5");
  machine.board = "Raspberry Pi 4 Model B Rev 1.4";
  EXPECT_EQ(RecognizeDevice(machine).name, "raspberry-pi-4");
  machine.board = "Raspberry Pi 3 Model B Plus Rev 1.3";
  EXPECT_EQ(RecognizeDevice(machine).name, "cpu-generic");
}

}  // namespace
}  // namespace edgeopt::devices
