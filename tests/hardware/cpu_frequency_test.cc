#include "hardware/cpu_frequency.h"

#include <gtest/gtest.h>

#include "hardware/fake_board.h"

namespace edgeopt::hardware {
namespace {

TEST(ReadCpuFrequencies, TellsWhatTheFilesSay) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Write(FakeBoard::CpuFolder(0) + "cpuinfo_cur_freq", "1500398\n");
  const auto cpus = ReadCpuFrequencies(board.root());
  ASSERT_EQ(cpus.size(), 4u);
  EXPECT_EQ(cpus[0].governor, "ondemand");
  EXPECT_EQ(cpus[0].available, (std::vector<std::string>{"conservative", "ondemand", "userspace",
                                                         "powersave", "performance", "schedutil"}));
  EXPECT_EQ(cpus[0].requested_khz, 1500000);
  EXPECT_EQ(cpus[0].hardware_khz, 1500398);
  EXPECT_EQ(cpus[0].min_khz, 1500000);
  EXPECT_EQ(cpus[0].max_khz, 2400000);
  EXPECT_EQ(cpus[3].cpu, 3);
  EXPECT_EQ(cpus[3].hardware_khz, std::nullopt);
}

TEST(ReadCpuFrequencies, LeavesOutCpusThatAreOfflineOrWithoutClock) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Write("sys/devices/system/cpu/cpu1/online", "0\n");
  board.Write("sys/devices/system/cpu/cpu2/online", "1\n");
  fs::remove_all(board.root() / FakeBoard::CpuFolder(3));
  const auto cpus = ReadCpuFrequencies(board.root());
  ASSERT_EQ(cpus.size(), 2u);
  EXPECT_EQ(cpus[0].cpu, 0);
  EXPECT_EQ(cpus[1].cpu, 2);
}

TEST(SetGovernor, WritesAndReadsBack) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  ASSERT_TRUE(SetGovernor(board.host(), 1, "performance").ok());
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(1) + "scaling_governor"), "performance");
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(0) + "scaling_governor"), "ondemand");
}

TEST(SetGovernor, OneThatIsNotOfferedIsRefusedWithTheOnesThatAre) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  const Status status = SetGovernor(board.host(), 0, "turbo");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kBadInput);
  EXPECT_NE(status.error().message.find("'turbo'"), std::string::npos);
  EXPECT_NE(status.error().message.find("schedutil"), std::string::npos);
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(0) + "scaling_governor"), "ondemand");
}

TEST(SetGovernor, WithoutRightsTheFileAndTheRemedyAreNamed) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  fs::permissions(GovernorFile(board.root(), 0), kReadOnly);
  const WithoutRoot nobody;
  const Status status = SetGovernor(board.host(), 0, "performance");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("scaling_governor"), std::string::npos);
  EXPECT_NE(status.error().hint.find("root"), std::string::npos);
}

TEST(SetGovernor, ADriverThatDoesNotKeepItIsFound) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  // Writes go nowhere; reading gives nothing.
  const fs::path file = GovernorFile(board.root(), 0);
  fs::remove(file);
  fs::create_symlink("/dev/null", file);
  const Status status = SetGovernor(board.host(), 0, "performance");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("did not take"), std::string::npos);
}

TEST(SetMinFrequency, WritesAndReadsBack) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  ASSERT_TRUE(SetMinFrequency(board.host(), 2, 2400000).ok());
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(2) + "scaling_min_freq"), "2400000");
  EXPECT_FALSE(SetMinFrequency(board.host(), 9, 2400000).ok());
}

}  // namespace
}  // namespace edgeopt::hardware
