#include "hardware/jetson_clocks.h"

#include <gtest/gtest.h>

#include "hardware/fake_jetson.h"

namespace edgeopt::hardware {
namespace {

// Answers of an AGX Orin (JetPack 5), shortened, and of an Orin Nano (JetPack 6), which leaves
// "Online=" out.
constexpr char kShownByAgxOrin[] =
    R"(SOC family:tegra234  Machine:NVIDIA Jetson AGX Orin Developer Kit
Online CPUs: 0-7
cpu0:  Online=1 Governor=schedutil MinFreq=729600 MaxFreq=1728000 CurrentFreq=1420800 IdleStates: WFI=1 c7=1 
cpu8:  Online=0 Governor=schedutil MinFreq=729600 MaxFreq=2201600 CurrentFreq=729600 IdleStates: WFI=1 c7=1 
GPU MinFreq=306000000 MaxFreq=918000000 CurrentFreq=306000000
EMC MinFreq=204000000 MaxFreq=3199000000 CurrentFreq=3199000000 FreqOverride=0
DLA0_CORE:   Online=1 MinFreq=0 MaxFreq=1369600000 CurrentFreq=614400000
FAN Dynamic Speed control=active hwmon0_pwm1=58
NV Power Mode: MODE_30W
)";
constexpr char kShownLockedByOrinNano[] =
    R"(Online CPUs: 0-5, Offline CPUs: 
cpu0:  Governor=schedutil MinFreq=1728000 MaxFreq=1728000 CurrentFreq=1728000 IdleStates: WFI=0 c7=0 
GPU MinFreq=1020000000 MaxFreq=1020000000 CurrentFreq=1020000000
EMC MinFreq=204000000 MaxFreq=3199000000 CurrentFreq=3199000000 FreqOverride=1
FAN Dynamic Speed Control=disabled hwmon0_pwm1=255
NV Power Mode: MAXN_SUPER
)";

TEST(ParseJetsonClocks, ReadsEachEngine) {
  const auto clocks = ParseJetsonClocks(kShownByAgxOrin);
  ASSERT_EQ(clocks.size(), 5u);
  EXPECT_EQ(clocks[0].name, "cpu0");
  EXPECT_TRUE(clocks[0].online);
  EXPECT_EQ(clocks[0].governor, "schedutil");
  EXPECT_EQ(clocks[0].min, 729600);
  EXPECT_EQ(clocks[0].max, 1728000);
  EXPECT_EQ(clocks[0].current, 1420800);
  EXPECT_EQ(clocks[1].name, "cpu8");
  EXPECT_FALSE(clocks[1].online);
  EXPECT_EQ(clocks[2].name, "GPU");
  EXPECT_EQ(clocks[2].max, 918000000);
  EXPECT_EQ(clocks[4].name, "DLA0_CORE");
  EXPECT_TRUE(ParseJetsonClocks("Error: Run this script(x) as a root user\n").empty());
}

TEST(ClocksAreLocked, LooksAtOnlineCpusAndTheGpu) {
  EXPECT_FALSE(ClocksAreLocked(ParseJetsonClocks(kShownByAgxOrin)));
  EXPECT_TRUE(ClocksAreLocked(ParseJetsonClocks(kShownLockedByOrinNano)));
  EXPECT_FALSE(ClocksAreLocked({}));
  // An offline CPU's limits don't matter; a GPU's do.
  EXPECT_TRUE(
      ClocksAreLocked(ParseJetsonClocks("cpu0: Online=1 MinFreq=2 MaxFreq=2\n"
                                        "cpu1: Online=0 MinFreq=1 MaxFreq=2\n")));
  EXPECT_FALSE(ClocksAreLocked(
      ParseJetsonClocks("cpu0: Online=1 MinFreq=2 MaxFreq=2\nGPU MinFreq=1 MaxFreq=2\n")));
}

TEST(JetsonClocks, StoreLocksNothingAndRestoreSetsBack) {
  const FakeBoard board;
  MakeJetson(board);
  const Programs programs = JetsonHost(board).programs;
  const fs::path file = board.root() / "stored";
  const auto stored = StoreJetsonClocks(programs, file);
  ASSERT_TRUE(stored.ok()) << stored.error().ToString();
  EXPECT_NE(stored->find("scaling_min_freq:729600"), std::string::npos);
  EXPECT_FALSE(ClocksAreLocked(*ShowJetsonClocks(programs)));
  ASSERT_TRUE(LockJetsonClocks(programs).ok());
  EXPECT_TRUE(ClocksAreLocked(*ShowJetsonClocks(programs)));
  EXPECT_EQ(board.Read(std::string(kFakeGpu) + "min_freq"), "624750000");
  ASSERT_TRUE(RestoreJetsonClocks(programs, file).ok());
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(1) + "scaling_min_freq"), "729600");
  EXPECT_EQ(board.Read(std::string(kFakeGpu) + "min_freq"), "306000000");
}

TEST(JetsonClocks, DoesNotWriteOverAStoredFile) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write("stored", "kept\n");
  const auto stored = StoreJetsonClocks(JetsonHost(board).programs, board.root() / "stored");
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().message.find("already exists"), std::string::npos);
  EXPECT_EQ(board.Read("stored"), "kept");
}

TEST(JetsonClocks, AnErrorBehindExitCode0IsTold) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write("gpu_fails", "");
  const Status locked = LockJetsonClocks(JetsonHost(board).programs);
  ASSERT_FALSE(locked.ok());
  EXPECT_NE(locked.error().message.find("Failed to max GPU frequency"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::hardware
