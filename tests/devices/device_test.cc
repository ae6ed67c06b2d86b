#include "devices/device.h"

#include <gtest/gtest.h>

namespace edgeopt::devices {
namespace {

TEST(Devices, AreFoundByName) {
  for (const char* name : {"cpu-generic", "jetson-orin-nano", "raspberry-pi-4", "raspberry-pi-5"})
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
