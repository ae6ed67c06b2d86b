#include "hardware/devfreq.h"

#include <gtest/gtest.h>

#include "hardware/fake_board.h"
#include "hardware/fake_jetson.h"

namespace edgeopt::hardware {
namespace {

TEST(ReadGpuClock, FindsTheGpuAmongTheDevices) {
  for (const std::string name : {"gv11b", "gp10b", "ga10b", "gpu"}) {
    const FakeBoard board;
    MakeJetson(board);
    board.Write(std::string(kFakeGpu) + "device/of_node/name", name + std::string("\0", 1));
    // The memory controller comes first by name and is no GPU.
    board.Write("sys/class/devfreq/13e00000.nvenc/device/of_node/name", std::string("nvenc\0", 6));
    board.Write("sys/class/devfreq/13e00000.nvenc/cur_freq", "1\n");
    const auto gpu = ReadGpuClock(board.root());
    ASSERT_TRUE(gpu.has_value()) << name;
    EXPECT_EQ(gpu->name, name);
    EXPECT_EQ(gpu->governor, "nvhost_podgov");
    EXPECT_EQ(gpu->current_hz, 306000000);
    EXPECT_EQ(gpu->min_hz, 306000000);
    EXPECT_EQ(gpu->max_hz, 624750000);
    EXPECT_EQ(gpu->load_percent, 42.0);  // 420 per mille
  }
}

TEST(ReadGpuClock, ThereMayBeNone) {
  const FakeBoard board;
  EXPECT_FALSE(ReadGpuClock(board.root()).has_value());
  board.Write("sys/class/devfreq/soc:dmc/device/of_node/name", std::string("dmc\0", 4));
  EXPECT_FALSE(ReadGpuClock(board.root()).has_value());
}

TEST(ReadGpuClock, ALoadBeyondAThousandIsNotKnown) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write(std::string(kFakeGpu) + "device/load", "1001\n");
  EXPECT_EQ(ReadGpuClock(board.root())->load_percent, std::nullopt);
}

}  // namespace
}  // namespace edgeopt::hardware
