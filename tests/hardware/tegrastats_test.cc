#include "hardware/tegrastats.h"

#include <gtest/gtest.h>

namespace edgeopt::hardware {
namespace {

// Lines of real boards; what they mean is told in NVIDIA's developer guide, "tegrastats utility".

// Jetson Xavier NX, JetPack 5.
constexpr char kJetPack5[] =
    "RAM 3153/31920MB (lfb 5888x4MB) SWAP 0/15960MB (cached 0MB) CPU "
    "[49%@2188,71%@2188,48%@2188,50%@2188,off,off,off,off] EMC_FREQ 0% GR3D_FREQ 42% AO@34.5C "
    "GPU@35C Tdiode@37.75C PMIC@50C AUX@34.5C CPU@37.5C thermal@35.55C Tboard@35C CV0@-256C VDD_IN "
    "5765mW/5765mW VDD_CPU_GPU_CV 1548mW/1600mW VDD_SOC 1497mW/1497mW";
// Jetson Orin, JetPack 6.
constexpr char kJetPack6[] =
    "12-27-2024 13:48:01 RAM 4722/7844MB (lfb 1x512kB) SWAP 0/3733MB (cached 0MB) CPU "
    "[23%@2201,10%@2201,off] EMC_FREQ 2%@1866 GR3D_FREQ 10%@1300 VIC_FREQ 115 APE 150 "
    "cpu@52.968C soc2@48.406C gpu@47.625C VDD_IN 5139mW/5139mW VDD_CPU_GPU_CV 512mW/498mW";
// Jetson AGX Orin, JetPack 7.2 (L4T 39.2).
constexpr char kJetPack7[] =
    "07-25-2026 09:08:28 RAM 20642/62817MB (lfb 1x2MB) CPU "
    "[23%@2201,10%@2201,4%@2201,14%@2201,30%@2201,18%@2201,10%@2201,10%@2201,33%@2201,7%@2201,5%@"
    "2201,27%@2201] EMC_FREQ 3%@3199 GR3D_FREQ 12%@[1300,1300] NVENC0 off NVDEC0 off VIC off OFA "
    "off NVDLA0 off PVA0_FREQ off APE 174 cpu@52.968C/52.968C soc2@48.406C/48.406C "
    "gpu@47.625C/47.625C VDD_GPU_SOC 5139mW/5139mW/5139mW VDD_CPU_CV 3268mW/3268mW/3268mW "
    "VIN_SYS_5V0 5500mW/5400mW/5600mW";
// Jetson Thor.
constexpr char kThor[] =
    "08-08-2026 20:58:23 RAM 3429/125749MB (lfb 120x4MB) CPU [0%,5%,off]@2601 EMC_FREQ @4266 "
    "GR3D_FREQ @[1574,1574,1574] NVENC0_FREQ @1691 cpu@49.75C/49.75C VDD_GPU "
    "6330mW/6330mW/6330mW";

TEST(ParseTegrastats, JetPack5) {
  const auto stats = ParseTegrastats(kJetPack5);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->ram_used_mb, 3153);
  EXPECT_EQ(stats->ram_total_mb, 31920);
  ASSERT_EQ(stats->cpus.size(), 8u);
  EXPECT_TRUE(stats->cpus[1].online);
  EXPECT_EQ(stats->cpus[1].load_percent, 71);
  EXPECT_EQ(stats->cpus[1].mhz, 2188);
  EXPECT_FALSE(stats->cpus[4].online);
  EXPECT_EQ(stats->cpus[4].load_percent, std::nullopt);
  EXPECT_EQ(stats->gpu_load_percent, 42);
  EXPECT_TRUE(stats->gpu_mhz.empty());
  EXPECT_EQ(stats->temperatures_c.at("CPU"), 37.5);
  EXPECT_EQ(stats->temperatures_c.at("Tdiode"), 37.75);
  EXPECT_FALSE(stats->temperatures_c.contains("CV0"));  // off
  ASSERT_EQ(stats->rails.size(), 3u);
  EXPECT_EQ(stats->rails.at("VDD_CPU_GPU_CV").now_mw, 1548);
  EXPECT_EQ(stats->rails.at("VDD_CPU_GPU_CV").average_mw, 1600);
  EXPECT_EQ(stats->rails.at("VDD_CPU_GPU_CV").peak_mw, std::nullopt);
}

TEST(ParseTegrastats, JetPack6) {
  const auto stats = ParseTegrastats(kJetPack6);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->ram_used_mb, 4722);
  ASSERT_EQ(stats->cpus.size(), 3u);
  EXPECT_EQ(stats->cpus[0].load_percent, 23);
  EXPECT_FALSE(stats->cpus[2].online);
  EXPECT_EQ(stats->gpu_load_percent, 10);
  EXPECT_EQ(stats->gpu_mhz, (std::vector<int64_t>{1300}));
  EXPECT_EQ(stats->temperatures_c,
            (std::map<std::string, double>{{"cpu", 52.968}, {"gpu", 47.625}, {"soc2", 48.406}}));
  ASSERT_EQ(stats->rails.size(), 2u);
  EXPECT_EQ(stats->rails.at("VDD_IN").now_mw, 5139);
  EXPECT_EQ(stats->rails.at("VDD_CPU_GPU_CV").average_mw, 498);
}

TEST(ParseTegrastats, JetPack7) {
  const auto stats = ParseTegrastats(kJetPack7);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->ram_total_mb, 62817);
  ASSERT_EQ(stats->cpus.size(), 12u);
  EXPECT_EQ(stats->cpus[11].load_percent, 27);
  EXPECT_EQ(stats->gpu_load_percent, 12);
  EXPECT_EQ(stats->gpu_mhz, (std::vector<int64_t>{1300, 1300}));
  EXPECT_EQ(stats->temperatures_c.at("cpu"), 52.968);
  ASSERT_EQ(stats->rails.size(), 3u);
  EXPECT_EQ(stats->rails.at("VIN_SYS_5V0").now_mw, 5500);
  EXPECT_EQ(stats->rails.at("VIN_SYS_5V0").average_mw, 5400);
  EXPECT_EQ(stats->rails.at("VIN_SYS_5V0").peak_mw, 5600);
}

TEST(ParseTegrastats, ThorTellsNoLoadAndOneClockForAllCpus) {
  const auto stats = ParseTegrastats(kThor);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->gpu_load_percent, std::nullopt);
  EXPECT_EQ(stats->gpu_mhz, (std::vector<int64_t>{1574, 1574, 1574}));
  ASSERT_EQ(stats->cpus.size(), 3u);
  EXPECT_EQ(stats->cpus[1].load_percent, 5);
  EXPECT_EQ(stats->cpus[1].mhz, 2601);
  EXPECT_FALSE(stats->cpus[2].online);
  EXPECT_EQ(stats->rails.at("VDD_GPU").peak_mw, 6330);
}

TEST(ParseTegrastats, OlderRailsHaveNoUnit) {
  const auto stats = ParseTegrastats("GR3D_FREQ 0%@318 GPU@37.5C POM_5V_IN 5336/4970");
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->rails.at("POM_5V_IN").now_mw, 5336);
  EXPECT_EQ(stats->gpu_mhz, (std::vector<int64_t>{318}));
}

TEST(ParseTegrastats, WhatIsNoLineOfItIsNotKnown) {
  for (const char* line :
       {"", " ", "tegrastats: command not found", "RAM", "CPU", "GR3D_FREQ", "GR3D_FREQ off",
        "RAM x/yMB", "CPU 12%", "VDD_IN", "VDD_IN mW/mW", "@C", "x@C", "cpu@nanC", "a/b/c/d"})
    EXPECT_FALSE(ParseTegrastats(line).has_value()) << line;
}

TEST(ParseTegrastats, NoCutOfALineBreaksIt) {
  for (const std::string line : {kJetPack5, kJetPack6, kJetPack7, kThor})
    for (size_t length = 0; length < line.size(); ++length) {
      const auto stats = ParseTegrastats(line.substr(0, length));
      if (!stats) continue;
      EXPECT_GE(stats->ram_used_mb.value_or(0), 0);
    }
  EXPECT_FALSE(ParseTegrastats(std::string(100000, '[')).has_value());
  EXPECT_FALSE(ParseTegrastats(std::string(100000, '@')).has_value());
}

}  // namespace
}  // namespace edgeopt::hardware
