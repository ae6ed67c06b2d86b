#include "hardware/nvpmodel.h"

#include <gtest/gtest.h>

#include "hardware/fake_jetson.h"

namespace edgeopt::hardware {
namespace {

TEST(ParsePowerMode, TheIdIsOnTheNextLine) {
  const auto mode = ParsePowerMode("NVPM WARN: fan mode is not set!\nNV Power Mode: MAXN\n0\n");
  ASSERT_TRUE(mode.has_value());
  EXPECT_EQ(mode->id, 0);
  EXPECT_EQ(mode->name, "MAXN");
}

// As a Jetson Xavier NX answers one who is not root.
TEST(ParsePowerMode, ErrorsBehindAGoodAnswerDoNotMatter) {
  const auto mode = ParsePowerMode(
      "NV Fan Mode:quiet\nNV Power Mode: MODE_15W_DESKTOP\n7\nNVPM ERROR: Error opening "
      "/sys/kernel/nvpmodel_emc_cap/emc_iso_cap: 13\nNVPM ERROR: failed to read PARAM EMC: ARG "
      "MAX_FREQ: PATH /sys/kernel/nvpmodel_emc_cap/emc_iso_cap\n");
  ASSERT_TRUE(mode.has_value());
  EXPECT_EQ(mode->id, 7);
  EXPECT_EQ(mode->name, "MODE_15W_DESKTOP");
}

TEST(ParsePowerMode, AnythingElseIsNotKnown) {
  for (const char* text :
       {"", "NV Power Mode: MAXN", "NV Power Mode: MAXN\n", "NV Power Mode: MAXN\nx\n",
        "NV Power Mode:\n0\n", "NV Power Mode: MAXN\n-1\n", "NVPM ERROR: bad input!\n"})
    EXPECT_FALSE(ParsePowerMode(text).has_value()) << text;
}

TEST(ParsePowerModes, ReadsTheConfigurationFile) {
  const auto modes = ParsePowerModes(
      "# < POWER_MODEL ID=9 NAME=COMMENT >\n< PARAM TYPE=FILE NAME=CPU_ONLINE >\n"
      "< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL NAME=MAXN_SUPER ID=2 >\n"
      "< POWER_MODEL ID=x NAME=BAD >\n< POWER_MODEL ID=3 >\n< PM_CONFIG DEFAULT=2 >\n");
  ASSERT_EQ(modes.size(), 2u);
  EXPECT_EQ(modes[0].id, 0);
  EXPECT_EQ(modes[0].name, "15W");
  EXPECT_EQ(modes[1].id, 2);
  EXPECT_EQ(modes[1].name, "MAXN_SUPER");
}

TEST(ReadPowerModes, AreThoseOfTheRoot) {
  const FakeBoard board;
  EXPECT_TRUE(ReadPowerModes(board.root()).empty());
  board.Write("etc/nvpmodel.conf", "< POWER_MODEL ID=1 NAME=7W >\n");
  ASSERT_EQ(ReadPowerModes(board.root()).size(), 1u);
  EXPECT_EQ(ReadPowerModes(board.root())[0].name, "7W");
}

TEST(SetPowerMode, SetsAndAsksAgain) {
  const FakeBoard board;
  MakeJetson(board);
  const Host host = JetsonHost(board);
  ASSERT_EQ(QueryPowerMode(host.programs)->id, 0);
  const Status set = SetPowerMode(host.programs, 1);
  ASSERT_TRUE(set.ok()) << set.error().ToString();
  EXPECT_EQ(QueryPowerMode(host.programs)->id, 1);
  EXPECT_EQ(QueryPowerMode(host.programs)->name, "7W");
}

TEST(SetPowerMode, OneThatHoldsIsNotSetAgain) {
  const FakeBoard board;
  MakeJetson(board);
  ASSERT_TRUE(SetPowerMode(JetsonHost(board).programs, 0).ok());
  EXPECT_EQ(board.Read("calls"), "");
}

TEST(SetPowerMode, AnErrorBehindExitCode0IsTold) {
  const FakeBoard board;
  MakeJetson(board);
  const Status set = SetPowerMode(JetsonHost(board).programs, 5);
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(set.error().message.find("NVPM ERROR: request for bad power mode 5"),
            std::string::npos);
  EXPECT_NE(set.error().hint.find("/etc/nvpmodel.conf"), std::string::npos);
}

TEST(SetPowerMode, ARestartIsNeverConfirmed) {
  const FakeBoard board;
  MakeJetson(board);
  const Host host = JetsonHost(board);
  const Status set = SetPowerMode(host.programs, 2);
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("restart"), std::string::npos);
  EXPECT_FALSE(fs::exists(board.root() / "rebooted"));
  EXPECT_EQ(QueryPowerMode(host.programs)->id, 0);
}

TEST(SetPowerMode, OneThatIsNotKeptIsFound) {
  const FakeBoard board;
  board.Program("nvpmodel", "echo 'NV Power Mode: MAXN'; echo 0\n");
  board.Program("sudo", "shift; exec \"$@\"\n");
  const Status set = SetPowerMode(JetsonHost(board).programs, 1);
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("still says 0 (MAXN)"), std::string::npos);
}

TEST(QueryPowerMode, WithoutNvpmodelIsUnavailable) {
  const FakeBoard board;
  const auto mode = QueryPowerMode(board.host().programs);
  ASSERT_FALSE(mode.ok());
  EXPECT_EQ(mode.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace edgeopt::hardware
