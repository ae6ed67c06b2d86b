#include <gtest/gtest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "hardware/fake_jetson.h"
#include "hardware/jetson_clocks.h"
#include "hardware/lock_journal.h"
#include "hardware/locking.h"
#include "hardware/nvpmodel.h"

namespace edgeopt::hardware {
namespace {

// All that locking a Jetson can change: "mode, CPU limits, GPU's lower limit".
std::string State(const FakeBoard& board) {
  std::string state = board.Read("mode");
  for (int cpu = 0; cpu < 2; ++cpu)
    for (const char* file : {"scaling_governor", "scaling_min_freq", "scaling_max_freq"})
      state += " " + board.Read(FakeBoard::CpuFolder(cpu) + file);
  return state + " " + board.Read(std::string(kFakeGpu) + "min_freq");
}

constexpr char kBefore[] = "0 schedutil 729600 1510400 schedutil 729600 1510400 306000000";
constexpr char kLockedIn7W[] = "1 schedutil 960000 960000 schedutil 960000 960000 624750000";

std::string Items(const LockReport& report) { return ToJson(report).dump(1); }

TEST(LockJetson, SetsModeAndClocksAndUnlockSetsBoth) {
  const FakeBoard board;
  MakeJetson(board);
  ASSERT_EQ(State(board), kBefore);
  const LockReport locked = LockClocks(JetsonHost(board), {board.journal(), 1});
  ASSERT_TRUE(locked.ok) << Items(locked);
  EXPECT_EQ(State(board), kLockedIn7W);
  const LockReport unlocked = UnlockClocks(JetsonHost(board), board.journal());
  ASSERT_TRUE(unlocked.ok) << Items(unlocked);
  EXPECT_EQ(State(board), kBefore);
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
  EXPECT_TRUE(UnlockClocks(JetsonHost(board), board.journal()).ok);
}

TEST(LockJetson, WithoutAModeTheOneThatIsSetStays) {
  const FakeBoard board;
  MakeJetson(board);
  ASSERT_TRUE(LockClocks(JetsonHost(board), {board.journal(), {}}).ok);
  EXPECT_EQ(board.Read("mode"), "0");
  EXPECT_EQ(board.Read("calls").find("set"), std::string::npos);
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(0) + "scaling_min_freq"), "1510400");
}

TEST(LockJetson, ASecondLockKeepsTheFirstState) {
  const FakeBoard board;
  MakeJetson(board);
  ASSERT_TRUE(LockClocks(JetsonHost(board), {board.journal(), {}}).ok);
  const LockReport second = LockClocks(JetsonHost(board), {board.journal(), 1});
  ASSERT_TRUE(second.ok) << Items(second);
  EXPECT_EQ(State(board), kLockedIn7W);
  ASSERT_TRUE(UnlockClocks(JetsonHost(board), board.journal()).ok);
  EXPECT_EQ(State(board), kBefore);
}

TEST(LockJetson, AKillAfterAnyStepLeavesWhatUnlockSetsBack) {
  for (int steps = 0; steps <= 2; ++steps) {
    const FakeBoard board;
    MakeJetson(board);
    const Host host = JetsonHost(board);
    PreviousState previous = ReadClockState(board.root());
    previous.power_mode = QueryPowerMode(host.programs)->id;
    previous.jetson_clocks = *StoreJetsonClocks(host.programs, board.root() / "stored");
    ASSERT_TRUE(WriteJournal(board.journal(), previous).ok());
    if (steps > 0) {
      ASSERT_TRUE(SetPowerMode(host.programs, 1).ok());
    }
    if (steps > 1) {
      ASSERT_TRUE(LockJetsonClocks(host.programs).ok());
      ASSERT_EQ(State(board), kLockedIn7W);
    }
    const LockReport unlocked = UnlockClocks(host, board.journal());
    ASSERT_TRUE(unlocked.ok) << Items(unlocked);
    EXPECT_EQ(State(board), kBefore) << steps;
  }
}

// A real kill, between the CPUs' clocks and the GPU's: jetson_clocks kills who started it.
TEST(LockJetson, AProcessThatIsKilledWhileItLocksLeavesAJournal) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write("kill_between", "");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // jetson_clocks runs directly below this process, also behind the fake sudo, which becomes it.
    (void)LockClocks(JetsonHost(board), {board.journal(), 1});
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_NE(State(board), kBefore);
  fs::remove(board.root() / "kill_between");
  const LockReport unlocked = UnlockClocks(JetsonHost(board), board.journal());
  ASSERT_TRUE(unlocked.ok) << Items(unlocked);
  EXPECT_EQ(State(board), kBefore);
}

TEST(LockJetson, AModeThatNeedsARestartSetsAllBack) {
  const FakeBoard board;
  MakeJetson(board);
  const LockReport report = LockClocks(JetsonHost(board), {board.journal(), 2});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(LockLabel(report),
            "clocks not locked: power mode: power mode 2 needs a restart of the board");
  EXPECT_EQ(State(board), kBefore);
  EXPECT_FALSE(fs::exists(board.root() / "rebooted"));
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockJetson, ClocksThatFailSetTheModeBack) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write("gpu_fails", "");
  const LockReport report = LockClocks(JetsonHost(board), {board.journal(), 1});
  EXPECT_FALSE(report.ok);
  EXPECT_NE(LockLabel(report).find("Failed to max GPU frequency"), std::string::npos);
  EXPECT_EQ(State(board), kBefore);
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockJetson, WithoutTheRightsNothingIsChanged) {
  const FakeBoard board;
  MakeJetson(board);
  board.Program("sudo", "echo 'sudo: a password is required' >&2; exit 1\n");
  fs::permissions(board.root(), fs::perms::all);
  {
    const WithoutRoot nobody;
    const LockReport report = LockClocks(JetsonHost(board), {board.journal(), 1});
    EXPECT_FALSE(report.ok);
    EXPECT_NE(LockLabel(report).find("a password is required"), std::string::npos);
  }
  EXPECT_EQ(State(board), kBefore);
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockJetson, ClocksThatAreFixedNeedNoRights) {
  const FakeBoard board;
  MakeJetson(board);
  for (int cpu = 0; cpu < 2; ++cpu)
    board.Write(FakeBoard::CpuFolder(cpu) + "scaling_min_freq", "1510400\n");
  board.Write(std::string(kFakeGpu) + "min_freq", "624750000\n");
  const WithoutRoot nobody;
  EXPECT_TRUE(LockClocks(board.host(), {board.journal(), {}}).ok);
  EXPECT_TRUE(LockClocks(board.host(), {board.journal(), 0}).ok);
  EXPECT_FALSE(LockClocks(board.host(), {board.journal(), 1}).ok);  // another mode holds
}

TEST(LockJetson, WithoutJetsonClocksItSaysSo) {
  const FakeBoard board;
  MakeJetson(board);
  fs::remove(board.bin() / "jetson_clocks");
  const LockReport report = LockClocks(JetsonHost(board), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_NE(LockLabel(report).find("'jetson_clocks'"), std::string::npos);
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockJetson, AJournalThatLacksWhatWouldBeChangedIsNotUsed) {
  const FakeBoard board;
  MakeJetson(board);
  PreviousState previous = ReadClockState(board.root());
  ASSERT_TRUE(WriteJournal(board.journal(), previous).ok());  // of another way to lock
  const LockReport report = LockClocks(JetsonHost(board), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(State(board), kBefore);
  ASSERT_TRUE(RemoveJournal(board.journal()).ok());
  previous.jetson_clocks = "/sys/x:1";  // without a power mode
  ASSERT_TRUE(WriteJournal(board.journal(), previous).ok());
  EXPECT_FALSE(LockClocks(JetsonHost(board), {board.journal(), 1}).ok);
  EXPECT_EQ(State(board), kBefore);
}

TEST(UnlockJetson, AClockThatDoesNotComeBackKeepsTheJournal) {
  const FakeBoard board;
  MakeJetson(board);
  ASSERT_TRUE(LockClocks(JetsonHost(board), {board.journal(), {}}).ok);
  board.Program("jetson_clocks", "exit 0\n");  // a --restore that does nothing
  const LockReport report = UnlockClocks(JetsonHost(board), board.journal());
  EXPECT_FALSE(report.ok);
  EXPECT_NE(Items(report).find("306000000 Hz"), std::string::npos);
  // CPUs are set back without jetson_clocks.
  EXPECT_EQ(board.Read(FakeBoard::CpuFolder(0) + "scaling_min_freq"), "729600");
  EXPECT_TRUE(fs::exists(JournalFile(board.journal())));
}

}  // namespace
}  // namespace edgeopt::hardware
