// Locked clocks and telemetry through the protocol, on a board made of files.
#include <signal.h>

#include <chrono>
#include <thread>

#include "hardware/fake_board.h"
#include "hardware/lock_journal.h"
#include "measure/agents.h"

namespace edgeopt::measure {
namespace {

using hardware::FakeBoard;

// An agent that believes to run on `board`.
AgentOptions AgentOn(const FakeBoard& board) {
  AgentOptions options = TestAgent();
  options.argv.insert(options.argv.end(), {"", board.root(), board.bin(), board.journal()});
  return options;
}

std::string Governor(const FakeBoard& board) {
  return board.Read(FakeBoard::CpuFolder(0) + "scaling_governor");
}

class AgentBoard : public ::testing::Test {
 protected:
  AgentBoard() { hardware::MakeRaspberryPi(board_); }
  FakeBoard board_;
};

TEST_F(AgentBoard, SaysWhatItIs) {
  const auto client = StartAgent(AgentOn(board_));
  const auto board = client->Board();
  ASSERT_TRUE(board.ok()) << board.error().ToString();
  EXPECT_EQ(board->kind, hardware::BoardKind::kRaspberryPi);
  EXPECT_EQ(board->soc, "bcm2712");
}

TEST_F(AgentBoard, ClocksAreSetBackWhenTheAgentEnds) {
  for (const bool in_good_order : {true, false}) {
    auto client = StartAgent(AgentOn(board_));
    const auto lock = client->LockClocks({});
    ASSERT_TRUE(lock.ok()) << lock.error().ToString();
    ASSERT_TRUE(lock->report.ok) << hardware::LockLabel(lock->report);
    ASSERT_TRUE(lock->clocks.has_value());
    EXPECT_EQ(lock->clocks->cpu_mhz.at("0"), 2400);
    EXPECT_EQ(Governor(board_), "performance");
    if (in_good_order) {
      EXPECT_TRUE(client->Shutdown().ok());
    }
    client.reset();  // its input ends
    EXPECT_EQ(Governor(board_), "ondemand");
  }
}

TEST_F(AgentBoard, ClocksAreSetBackWhenARunIsInterrupted) {
  CancelToken cancel;
  AgentOptions options = AgentOn(board_);
  options.cancel = &cancel;
  const auto client = StartAgent(options);
  ASSERT_TRUE(client->Load(kMbv2).ok());
  ASSERT_TRUE(client->LockClocks({}).ok());
  BenchPlan plan;
  plan.min_seconds = 30;
  plan.max_runs = 1'000'000;
  std::thread interrupt([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    cancel.Cancel();
  });
  const auto result = client->Bench(plan);
  interrupt.join();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(Governor(board_), "ondemand");
}

TEST_F(AgentBoard, AKilledAgentLeavesAJournalForTheNextOne) {
  auto client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->LockClocks({}).ok());
  ::kill(static_cast<pid_t>(client->hello().pid), SIGKILL);
  EXPECT_FALSE(client->Board().ok());
  EXPECT_EQ(Governor(board_), "performance");
  client = StartAgent(AgentOn(board_));
  const auto report = client->UnlockClocks(false);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(report->ok);
  EXPECT_EQ(Governor(board_), "ondemand");
}

TEST_F(AgentBoard, WhatAKilledAgentLockedTheNextOneThatLocksSetsBack) {
  auto client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->LockClocks({}).ok());
  ::kill(static_cast<pid_t>(client->hello().pid), SIGKILL);
  EXPECT_FALSE(client->Board().ok());
  client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->LockClocks({}).ok());
  EXPECT_TRUE(client->Shutdown().ok());
  EXPECT_EQ(Governor(board_), "ondemand");
}

TEST_F(AgentBoard, TheLastOfSeveralAgentsSetsTheClocksBack) {
  const auto first = StartAgent(AgentOn(board_));
  const auto second = StartAgent(AgentOn(board_));
  ASSERT_TRUE(first->LockClocks({}).ok());
  ASSERT_TRUE(second->LockClocks({}).ok());
  EXPECT_TRUE(first->Shutdown().ok());
  EXPECT_EQ(Governor(board_), "performance");
  EXPECT_TRUE(second->Shutdown().ok());
  EXPECT_EQ(Governor(board_), "ondemand");
}

TEST_F(AgentBoard, ALockThatIsToBeKeptOutlivesItsAgentAndOthers) {
  ClockLockParams keep;
  keep.keep = true;
  auto client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->LockClocks(keep).ok());
  EXPECT_TRUE(client->Shutdown().ok());
  EXPECT_EQ(Governor(board_), "performance");
  client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->LockClocks({}).ok());
  EXPECT_TRUE(client->Shutdown().ok());
  EXPECT_EQ(Governor(board_), "performance");
}

TEST_F(AgentBoard, WhereNothingCanBeLockedTheReportSaysWhy) {
  std::filesystem::remove_all(board_.root() / "sys/devices/system/cpu");
  const auto client = StartAgent(AgentOn(board_));
  const auto lock = client->LockClocks({});
  ASSERT_TRUE(lock.ok()) << lock.error().ToString();
  EXPECT_FALSE(lock->report.ok);
  EXPECT_FALSE(lock->clocks.has_value());
  EXPECT_TRUE(hardware::LockLabel(lock->report).starts_with("clocks not locked: "));
}

TEST_F(AgentBoard, IsWatchedWhileAModelRuns) {
  const auto client = StartAgent(AgentOn(board_));
  ASSERT_TRUE(client->Load(kMbv2).ok());
  ASSERT_TRUE(client->Watch(std::chrono::milliseconds(50)).ok());
  EXPECT_FALSE(client->Watch().ok());  // once at a time
  BenchPlan plan;
  plan.min_seconds = 0.3;
  ASSERT_TRUE(client->Bench(plan).ok());
  const auto samples = client->Watched();
  ASSERT_TRUE(samples.ok()) << samples.error().ToString();
  ASSERT_GE(samples->size(), 4u);
  for (const hardware::Sample& sample : *samples)
    EXPECT_EQ(sample.temperatures_c.at("cpu-thermal"), 52.1);
  EXPECT_GE(samples->back().seconds, 0.3);
  EXPECT_FALSE(client->Watched().ok());
}

}  // namespace
}  // namespace edgeopt::measure
