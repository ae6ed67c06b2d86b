#include "hardware/thermal.h"

#include <gtest/gtest.h>

#include "hardware/fake_board.h"

namespace edgeopt::hardware {
namespace {

// The zones of a Jetson Orin: cv0-thermal is off (its read fails), the GPU's tells -256 at rest.
TEST(ReadThermalZones, TellsMillidegreesAndWhatIsOff) {
  const FakeBoard board;
  const auto zone = [&](int number, const std::string& type, const std::string& temp) {
    const std::string folder = "sys/class/thermal/thermal_zone" + std::to_string(number) + "/";
    board.Write(folder + "type", type + "\n");
    if (temp.empty())
      board.MakeUnreadable(folder + "temp");
    else
      board.Write(folder + "temp", temp + "\n");
  };
  zone(0, "cpu-thermal", "52968");
  zone(1, "gpu-thermal", "-256000");
  zone(2, "cv0-thermal", "");
  zone(3, "tj-thermal", "garbage");
  zone(10, "cpu-thermal", "48406");
  fs::create_directories(board.root() / "sys/class/thermal/cooling_device0");
  const auto zones = ReadThermalZones(board.root());
  ASSERT_EQ(zones.size(), 5u);
  EXPECT_EQ(zones[0].name, "cpu-thermal");
  EXPECT_EQ(zones[0].celsius, 52.968);
  EXPECT_EQ(zones[1].celsius, std::nullopt);
  EXPECT_EQ(zones[2].name, "cv0-thermal");
  EXPECT_EQ(zones[2].celsius, std::nullopt);
  EXPECT_EQ(zones[3].celsius, std::nullopt);
  EXPECT_EQ(zones[4].name, "cpu-thermal 2");
  EXPECT_EQ(zones[4].celsius, 48.406);
}

TEST(ReadThermalZones, NoneIsNoError) {
  const FakeBoard board;
  EXPECT_TRUE(ReadThermalZones(board.root()).empty());
}

}  // namespace
}  // namespace edgeopt::hardware
