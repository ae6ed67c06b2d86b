#include "hardware/locking.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hardware/cpu_frequency.h"
#include "hardware/fake_board.h"
#include "hardware/lock_journal.h"

namespace edgeopt::hardware {
namespace {

std::string Governor(const FakeBoard& board, int cpu) {
  return board.Read(FakeBoard::CpuFolder(cpu) + "scaling_governor");
}

std::string Text(const LockReport& report) { return ToJson(report).dump(1); }

TEST(LockClocks, SetsPerformanceAndUnlockSetsBack) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  // Each CPU gets back its own.
  board.Write(FakeBoard::CpuFolder(2) + "scaling_governor", "schedutil\n");
  const LockReport locked = LockClocks(board.host(), {board.journal(), {}});
  ASSERT_TRUE(locked.ok) << Text(locked);
  EXPECT_EQ(LockLabel(locked), "");
  for (int cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(Governor(board, cpu), "performance");
  EXPECT_TRUE(fs::exists(JournalFile(board.journal())));

  const LockReport unlocked = UnlockClocks(board.host(), board.journal());
  ASSERT_TRUE(unlocked.ok) << Text(unlocked);
  EXPECT_EQ(Governor(board, 0), "ondemand");
  EXPECT_EQ(Governor(board, 2), "schedutil");
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
  // A second time there is nothing to do, and nothing is done.
  board.Write(FakeBoard::CpuFolder(0) + "scaling_governor", "powersave\n");
  EXPECT_TRUE(UnlockClocks(board.host(), board.journal()).ok);
  EXPECT_EQ(Governor(board, 0), "powersave");
}

TEST(LockClocks, ASecondLockKeepsTheFirstState) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  ASSERT_TRUE(LockClocks(board.host(), {board.journal(), {}}).ok);
  // Someone changes one meanwhile, so that there is something to lock again.
  board.Write(FakeBoard::CpuFolder(1) + "scaling_governor", "powersave\n");
  ASSERT_TRUE(LockClocks(board.host(), {board.journal(), {}}).ok);
  EXPECT_EQ(Governor(board, 1), "performance");
  ASSERT_TRUE(UnlockClocks(board.host(), board.journal()).ok);
  for (int cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(Governor(board, cpu), "ondemand") << cpu;
}

TEST(LockClocks, AKillAfterAnyStepLeavesWhatUnlockSetsBack) {
  // Steps: the journal is written, then one CPU after the other is set.
  for (int steps = 0; steps <= 4; ++steps) {
    const FakeBoard board;
    MakeRaspberryPi(board);
    ASSERT_TRUE(WriteJournal(board.journal(), ReadClockState(board.root())).ok());
    for (int cpu = 0; cpu < steps; ++cpu)
      ASSERT_TRUE(SetGovernor(board.host(), cpu, "performance").ok());
    const LockReport unlocked = UnlockClocks(board.host(), board.journal());
    ASSERT_TRUE(unlocked.ok) << Text(unlocked);
    for (int cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(Governor(board, cpu), "ondemand") << steps;
    EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
  }
}

TEST(LockClocks, AnUnlockThatIsKilledIsDoneAgain) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  ASSERT_TRUE(LockClocks(board.host(), {board.journal(), {}}).ok);
  ASSERT_TRUE(SetGovernor(board.host(), 0, "ondemand").ok());  // that far it came
  ASSERT_TRUE(UnlockClocks(board.host(), board.journal()).ok);
  for (int cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(Governor(board, cpu), "ondemand");
}

TEST(LockClocks, WithoutTheRightsNothingIsChangedAndTheReasonTold) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  // The last CPU's only: still none is set.
  fs::permissions(GovernorFile(board.root(), 3), kReadOnly);
  for (int cpu = 0; cpu < 3; ++cpu)
    fs::permissions(GovernorFile(board.root(), cpu), fs::perms::all);
  const WithoutRoot nobody;
  const LockReport report = LockClocks(board.host(), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(LockLabel(report).starts_with("clocks not locked: rights: ")) << LockLabel(report);
  ASSERT_FALSE(report.items.empty());
  EXPECT_NE(report.items[0].remedy.find("root"), std::string::npos);
  for (int cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(Governor(board, cpu), "ondemand");
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockClocks, WhereOneCpuFailsTheOthersAreSetBack) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  // A driver that does not keep what is written.
  fs::remove(GovernorFile(board.root(), 2));
  fs::create_symlink("/dev/null", GovernorFile(board.root(), 2));
  const LockReport report = LockClocks(board.host(), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(LockLabel(report).starts_with("clocks not locked: CPU 2: ")) << LockLabel(report);
  EXPECT_EQ(Governor(board, 0), "ondemand");
  EXPECT_EQ(Governor(board, 3), "ondemand");
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(LockClocks, ClocksThatAreFixedNeedNeitherRightsNorJournal) {
  const FakeBoard board;
  board.AddCpus(2, "performance", "performance powersave", 800000, 3000000);
  const WithoutRoot nobody;
  const LockReport report = LockClocks(board.host(), {board.journal(), {}});
  EXPECT_TRUE(report.ok) << Text(report);
  EXPECT_FALSE(fs::exists(board.journal()));
}

TEST(LockClocks, AMachineWithoutCpufreqSaysSo) {
  const FakeBoard board;
  const LockReport report = LockClocks(board.host(), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_NE(LockLabel(report).find("cpufreq"), std::string::npos);
  EXPECT_FALSE(fs::exists(board.journal()));
}

TEST(LockClocks, AGovernorThatIsNotOfferedIsFoundBeforeAnyChange) {
  const FakeBoard board;
  board.AddCpus(2, "ondemand", "ondemand powersave", 600000, 1800000);
  const LockReport report = LockClocks(board.host(), {board.journal(), {}});
  EXPECT_FALSE(report.ok);
  EXPECT_NE(LockLabel(report).find("'performance'"), std::string::npos);
  EXPECT_FALSE(fs::exists(board.journal()));
}

TEST(LockClocks, APowerModeIsForAJetson) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  const LockReport report = LockClocks(board.host(), {board.journal(), 0});
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(Governor(board, 0), "ondemand");
}

TEST(LockClocks, WithoutAPlaceForTheJournalNothingIsChanged) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Write("file", "");
  const LockReport report = LockClocks(board.host(), {board.root() / "file" / "folder", {}});
  EXPECT_FALSE(report.ok);
  EXPECT_TRUE(LockLabel(report).starts_with("clocks not locked: journal: ")) << LockLabel(report);
  EXPECT_EQ(Governor(board, 0), "ondemand");
}

TEST(UnlockClocks, AJournalThatCantBeReadIsKeptAndNamed) {
  for (
      const char* text :
      {"", "garbage", "[]", "{}",
       R"({"format": "edgeopt clock journal", "version": 2, "cpus": []})",
       R"({"format": "edgeopt clock journal", "version": 1})",
       R"({"format": "edgeopt clock journal", "version": 1, "cpus": [1]})",
       R"({"format": "edgeopt clock journal", "version": 1, "cpus": [{"cpu": -1, "governor": "x"}]})",
       R"({"format": "edgeopt clock journal", "version": 1, "cpus": [], "colour": 1})",
       R"({"format": "edgeopt clock journal", "version": 1, "cpus": [], "power_mode": "0"})"}) {
    const FakeBoard board;
    MakeRaspberryPi(board);
    fs::create_directories(board.journal());
    std::ofstream(JournalFile(board.journal())) << text;
    const LockReport unlocked = UnlockClocks(board.host(), board.journal());
    EXPECT_FALSE(unlocked.ok) << text;
    ASSERT_EQ(unlocked.items.size(), 1u);
    EXPECT_NE(unlocked.items[0].detail.find("clock-journal.json"), std::string::npos);
    EXPECT_FALSE(unlocked.items[0].remedy.empty());
    // Nor is it written over by another lock.
    EXPECT_FALSE(LockClocks(board.host(), {board.journal(), {}}).ok) << text;
    EXPECT_EQ(Governor(board, 0), "ondemand");
    std::stringstream kept;
    kept << std::ifstream(JournalFile(board.journal())).rdbuf();
    EXPECT_EQ(kept.str(), text);
  }
}

TEST(UnlockClocks, TheJournalStaysUntilAllIsSetBack) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  ASSERT_TRUE(LockClocks(board.host(), {board.journal(), {}}).ok);
  board.Write("sys/devices/system/cpu/cpu3/online", "0\n");
  const LockReport first = UnlockClocks(board.host(), board.journal());
  EXPECT_FALSE(first.ok);
  EXPECT_EQ(Governor(board, 0), "ondemand");
  ASSERT_TRUE(fs::exists(JournalFile(board.journal())));
  board.Write("sys/devices/system/cpu/cpu3/online", "1\n");
  EXPECT_TRUE(UnlockClocks(board.host(), board.journal()).ok);
  EXPECT_EQ(Governor(board, 3), "ondemand");
  EXPECT_FALSE(fs::exists(JournalFile(board.journal())));
}

TEST(WriteJournal, IsNeverWrittenOver) {
  const FakeBoard board;
  PreviousState state;
  state.cpus = {{0, "ondemand", 600000}};
  state.power_mode = 3;
  ASSERT_TRUE(WriteJournal(board.journal(), state).ok());
  EXPECT_EQ(WriteJournal(board.journal(), {}).error().code, ErrorCode::kUsage);
  const auto read = ReadJournal(board.journal());
  ASSERT_TRUE(read.ok() && *read);
  EXPECT_EQ((*read)->power_mode, 3);
  ASSERT_EQ((*read)->cpus.size(), 1u);
  EXPECT_EQ((*read)->cpus[0].governor, "ondemand");
  EXPECT_EQ((*read)->cpus[0].min_khz, 600000);
}

TEST(LockReportJson, ReadsWhatItWritesAndRefusesElse) {
  const LockReport report{false, {{"CPU 0", true, "done", ""}, {"rights", false, "no", "be root"}}};
  const auto read = LockReportFromJson(ToJson(report));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(ToJson(*read), ToJson(report));
  EXPECT_EQ(LockLabel(*read), "clocks not locked: rights: no");
  for (const char* text :
       {"1", "{}", R"({"ok": 1, "items": []})", R"({"ok": true, "items": {}})",
        R"({"ok": true, "items": [{"name": 1}]})", R"({"ok": true, "items": [], "x": 1})"})
    EXPECT_FALSE(LockReportFromJson(nlohmann::json::parse(text)).ok()) << text;
}

}  // namespace
}  // namespace edgeopt::hardware
