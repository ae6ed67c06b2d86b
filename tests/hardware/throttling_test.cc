#include "hardware/throttling.h"

#include <gtest/gtest.h>

#include <array>

#include "hardware/fake_jetson.h"

namespace edgeopt::hardware {
namespace {

Sample WithCpu(double requested, std::optional<double> real = {}) {
  Sample sample;
  sample.cpu_requested_mhz = {{"0", requested}};
  if (real) sample.cpu_real_mhz = {{"0", *real}};
  return sample;
}

Sample WithBits(int64_t bits) {
  Sample sample;
  sample.throttle_bits = bits;
  return sample;
}

const LockedClocks kLocked{{{"0", 2400}}, 1000.0};

TEST(ThrottlingReasons, ASteadyRunHasNone) {
  EXPECT_TRUE(ThrottlingReasons({}, {}, {}).empty());
  EXPECT_TRUE(
      ThrottlingReasons({WithCpu(2400), WithCpu(2400)}, kLocked, WindowMedians{10, 10.5}).empty());
}

TEST(ThrottlingReasons, AClockBelow95PercentOfTheLockedOne) {
  EXPECT_TRUE(ThrottlingReasons({WithCpu(2280)}, kLocked, {}).empty());  // 95 % exactly
  const auto reasons =
      ThrottlingReasons({WithCpu(2400), WithCpu(2279), WithCpu(1500)}, kLocked, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0], "CPU 0 fell to 1500 MHz, below 95 % of 2400 MHz (in 2 of 3 samples)");
  // Clocks that were not locked are not judged.
  EXPECT_TRUE(ThrottlingReasons({WithCpu(1500)}, {}, {}).empty());
}

TEST(ThrottlingReasons, TheRealClockCountsWhereItIsKnown) {
  const auto reasons = ThrottlingReasons({WithCpu(2400, 2400), WithCpu(2400, 1500)}, kLocked, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_NE(reasons[0].find("1500 MHz"), std::string::npos);
  // Samples without it, between those with it, say nothing.
  EXPECT_TRUE(ThrottlingReasons({WithCpu(2400, 2400), WithCpu(600)}, kLocked, {}).empty());
}

TEST(ThrottlingReasons, AGpuThatIsOffIsNotSlow) {
  Sample off, slow;
  off.gpu_mhz = 0;
  slow.gpu_mhz = 900;
  EXPECT_TRUE(ThrottlingReasons({off}, kLocked, {}).empty());
  const auto reasons = ThrottlingReasons({off, slow}, kLocked, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0], "the GPU fell to 900 MHz, below 95 % of 1000 MHz (in 1 of 1 samples)");
}

TEST(ThrottlingReasons, ABitThatWasOnInASample) {
  const auto reasons = ThrottlingReasons({WithBits(0), WithBits(0x50005)}, {}, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0], "the firmware reported under-voltage, throttled (in 1 of 2 samples)");
}

TEST(ThrottlingReasons, ABitThatRoseBetweenTwoSamples) {
  const auto reasons = ThrottlingReasons({WithBits(0), WithBits(0x20000)}, {}, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0], "the firmware reported, between two samples, frequency capped");
}

TEST(ThrottlingReasons, BitsFromBeforeTheRunDoNotCount) {
  EXPECT_TRUE(ThrottlingReasons({WithBits(0x50000), WithBits(0x50000)}, {}, {}).empty());
  const auto reasons = ThrottlingReasons({WithBits(0x50000), WithBits(0x70000)}, {}, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_NE(reasons[0].find("frequency capped"), std::string::npos);
  EXPECT_EQ(reasons[0].find("under-voltage"), std::string::npos);
}

TEST(ThrottlingReasons, OverCurrentEventsThatRose) {
  Sample first, last;
  first.over_current = {{"oc1", 7}, {"oc3", 2}};
  last.over_current = {{"oc1", 7}, {"oc3", 5}};
  const auto reasons = ThrottlingReasons({first, Sample{}, last}, {}, {});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(reasons[0], "over-current events of oc3 rose from 2 to 5");
}

TEST(ThrottlingReasons, ALastWindowMoreThanATenthSlower) {
  EXPECT_TRUE(ThrottlingReasons({}, {}, WindowMedians{10, 10.9}).empty());
  EXPECT_TRUE(ThrottlingReasons({}, {}, WindowMedians{0, 10}).empty());
  const auto reasons = ThrottlingReasons({}, {}, WindowMedians{10, 12.5});
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_NE(reasons[0].find("1.25 times"), std::string::npos);
}

TEST(ReadLockedClocks, AreTheUpperLimits) {
  const FakeBoard board;
  MakeJetson(board);
  const LockedClocks locked = ReadLockedClocks(board.root());
  EXPECT_EQ(locked.cpu_mhz, (std::map<std::string, double>{{"0", 1510.4}, {"1", 1510.4}}));
  EXPECT_EQ(locked.gpu_mhz, 624.75);
}

TEST(ReadLockedClocks, ATurboClockIsNotHeld) {
  for (const auto& [file, on, off] : std::initializer_list<std::array<const char*, 3>>{
           {"cpufreq/boost", "1", "0"}, {"intel_pstate/no_turbo", "0", "1"}}) {
    const FakeBoard board;
    board.AddCpus(1, "performance", "performance powersave", 800000, 4800000);
    board.Write(std::string("sys/devices/system/cpu/") + file, on);
    EXPECT_TRUE(ReadLockedClocks(board.root()).cpu_mhz.empty()) << file;
    board.Write(std::string("sys/devices/system/cpu/") + file, off);
    EXPECT_EQ(ReadLockedClocks(board.root()).cpu_mhz.at("0"), 4800.0) << file;
  }
}

}  // namespace
}  // namespace edgeopt::hardware
