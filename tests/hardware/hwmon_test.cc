#include "hardware/hwmon.h"

#include <gtest/gtest.h>

#include "hardware/fake_board.h"

namespace edgeopt::hardware {
namespace {

// An INA3221 of a Jetson Orin NX, as NVIDIA's guide and the kernel's ina3221.rst describe it.
TEST(ReadPowerRails, MultipliesVoltageAndCurrentOfAnIna3221) {
  const FakeBoard board;
  const std::string folder = "sys/class/hwmon/hwmon1/";
  board.Write(folder + "name", "ina3221\n");
  board.Write(folder + "in1_label", "VDD_IN\n");
  board.Write(folder + "in1_input", "5040\n");
  board.Write(folder + "curr1_input", "1000\n");
  board.Write(folder + "in2_label", "VDD_CPU_GPU_CV\n");
  board.Write(folder + "in2_input", "5032\n");
  board.Write(folder + "curr2_input", "250\n");
  board.Write(folder + "in3_label", "NC\n");
  board.Write(folder + "in3_input", "0\n");
  board.Write(folder + "curr3_input", "0\n");
  board.Write(folder + "in7_label", "sum of shunt voltages\n");
  board.Write(folder + "in7_input", "25\n");
  const auto rails = ReadPowerRails(board.root());
  ASSERT_EQ(rails.size(), 2u);
  EXPECT_DOUBLE_EQ(rails.at("VDD_IN"), 5040.0);  // 5.040 V * 1 A
  EXPECT_DOUBLE_EQ(rails.at("VDD_CPU_GPU_CV"), 1258.0);
}

TEST(ReadPowerRails, TakesMicrowattsOfOtherMonitors) {
  const FakeBoard board;
  board.Write("sys/class/hwmon/hwmon0/name", "ina238\n");
  board.Write("sys/class/hwmon/hwmon0/power1_input", "28906000\n");
  EXPECT_DOUBLE_EQ(ReadPowerRails(board.root()).at("ina238 power1"), 28906.0);
}

TEST(ReadPowerRails, AChannelThatCantBeReadIsLeftOut) {
  const FakeBoard board;
  board.Write("sys/class/hwmon/hwmon0/name", "ina3221\n");
  board.Write("sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n");
  board.MakeUnreadable("sys/class/hwmon/hwmon0/in1_input");
  board.Write("sys/class/hwmon/hwmon0/curr1_input", "1000\n");
  EXPECT_TRUE(ReadPowerRails(board.root()).empty());
}

TEST(ReadFan, TheTwoHalvesMayLieInTwoFolders) {
  const FakeBoard board;
  EXPECT_EQ(ReadFan(board.root()).rpm, std::nullopt);
  board.Write("sys/class/hwmon/hwmon0/name", "pwmfan\n");
  board.Write("sys/class/hwmon/hwmon0/pwm1", "58\n");
  board.Write("sys/class/hwmon/hwmon3/name", "pwm_tach\n");
  board.Write("sys/class/hwmon/hwmon3/rpm", "1786\n");
  EXPECT_EQ(ReadFan(board.root()).pwm, 58);
  EXPECT_EQ(ReadFan(board.root()).rpm, 1786);
  board.Write("sys/class/hwmon/hwmon0/fan1_input", "2471\n");
  EXPECT_EQ(ReadFan(board.root()).rpm, 2471);
}

TEST(ReadOverCurrentEvents, AreThoseOfSoctherm) {
  const FakeBoard board;
  board.Write("sys/class/hwmon/hwmon0/name", "other\n");
  board.Write("sys/class/hwmon/hwmon0/oc1_event_cnt", "99\n");
  board.Write("sys/class/hwmon/hwmon2/name", "soctherm_oc\n");
  board.Write("sys/class/hwmon/hwmon2/oc1_event_cnt", "0\n");
  board.Write("sys/class/hwmon/hwmon2/oc2_event_cnt", "garbage\n");
  board.Write("sys/class/hwmon/hwmon2/oc3_event_cnt", "17\n");
  EXPECT_EQ(ReadOverCurrentEvents(board.root()),
            (std::map<std::string, int64_t>{{"oc1", 0}, {"oc3", 17}}));
}

}  // namespace
}  // namespace edgeopt::hardware
