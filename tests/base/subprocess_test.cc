#include "base/subprocess.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace edgeopt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RunCommand, CollectsOutputErrorAndExitCode) {
  const auto output = RunCommand({"sh", "-c", "cat; echo bad >&2; exit 3"}, "in\n");
  ASSERT_TRUE(output.ok()) << output.error().ToString();
  EXPECT_EQ(output->out, "in\n");
  EXPECT_EQ(output->err, "bad\n");
  EXPECT_EQ(output->status.code, 3);
  EXPECT_EQ(output->status.ToString(), "exit code 3");
}

TEST(RunCommand, AMissingProgramIsAnError) {
  const auto output = RunCommand({"no-such-program-here"});
  ASSERT_FALSE(output.ok());
  EXPECT_NE(output.error().message.find("no-such-program-here"), std::string::npos);
}

TEST(RunCommand, ATimeOutEndsTheChild) {
  const auto output = RunCommand({"sleep", "30"}, {}, milliseconds(100));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ErrorCode::kUnavailable);
}

TEST(Subprocess, TalksInLines) {
  auto child = Subprocess::Start({{"cat"}, {}, {}, true});
  ASSERT_TRUE(child.ok());
  for (const std::string text : {"one", "two"}) {
    ASSERT_TRUE(child->Write(text + "\n").ok());
    const auto line = child->ReadLine(seconds(10));
    ASSERT_TRUE(line.ok());
    EXPECT_EQ(*line, text);
  }
  child->CloseInput();
  EXPECT_EQ(*child->ReadLine(seconds(10)), std::nullopt);
  EXPECT_TRUE(child->Wait(seconds(10))->ok());
}

TEST(Subprocess, MoreThanAPipeHoldsPassesBothWays) {
  auto child = Subprocess::Start({{"cat"}, {}, {}, true});
  ASSERT_TRUE(child.ok());
  const std::string big(1 << 20, 'x');
  ASSERT_TRUE(child->Write(big + "\n").ok());
  const auto line = child->ReadLine(seconds(10));
  ASSERT_TRUE(line.ok());
  EXPECT_EQ((*line)->size(), big.size());
}

TEST(Subprocess, ASignalIsTold) {
  auto child = Subprocess::Start({{"sleep", "30"}, {}, {}, true});
  ASSERT_TRUE(child.ok());
  child->Kill();
  const auto status = child->Wait(seconds(10));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->signal, SIGKILL);
  EXPECT_NE(status->ToString().find("signal 9"), std::string::npos);
}

TEST(Subprocess, WritingToADeadChildIsAnErrorNotASignal) {
  auto child = Subprocess::Start({{"true"}, {}, {}, true});
  ASSERT_TRUE(child.ok());
  ASSERT_TRUE(child->Wait(seconds(10)).ok());
  EXPECT_FALSE(child->Write("text\n").ok());
}

TEST(Subprocess, NoAnswerInTimeIsAnError) {
  auto child = Subprocess::Start({{"sleep", "30"}, {}, {}, true});
  ASSERT_TRUE(child.ok());
  EXPECT_FALSE(child->ReadLine(milliseconds(50)).ok());
}

TEST(Subprocess, AnEndlessLineIsAnErrorBeforeItFillsTheMemory) {
  auto child = Subprocess::Start({.argv = {"cat", "/dev/zero"}, .max_line_bytes = 100'000});
  ASSERT_TRUE(child.ok());
  const auto line = child->ReadLine(seconds(10));
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().code, ErrorCode::kBadInput);
}

TEST(Subprocess, EnvironmentAndFolderReachTheChild) {
  auto child = Subprocess::Start(
      {{"sh", "-c", "echo $EDGEOPT_TEST_WORD; pwd"}, {"EDGEOPT_TEST_WORD=yes"}, "/", true});
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(*child->ReadLine(seconds(10)), "yes");
  EXPECT_EQ(*child->ReadLine(seconds(10)), "/");
}

TEST(Subprocess, ErrorOutputIsHandedOnWhole) {
  // More than what is kept of it.
  std::string kept;
  auto child = Subprocess::Start({.argv = {"sh", "-c", "seq 1 50000 >&2; echo done"},
                                  .on_error_output = [&](std::string_view text) { kept += text; }});
  ASSERT_TRUE(child.ok());
  Subprocess moved = std::move(*child);
  EXPECT_EQ(**moved.ReadLine(seconds(60)), "done");
  EXPECT_TRUE(moved.Wait(seconds(10))->ok());
  EXPECT_TRUE(kept.starts_with("1\n2\n3\n"));
  EXPECT_TRUE(kept.ends_with("\n49999\n50000\n"));
  EXPECT_EQ(kept.size(), 288894u);  // of "seq 1 50000 | wc -c"
  EXPECT_TRUE(kept.ends_with(moved.error_output()));
}

}  // namespace
}  // namespace edgeopt
