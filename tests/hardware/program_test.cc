#include "hardware/program.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hardware/fake_board.h"
#include "hardware/setting.h"

namespace edgeopt::hardware {
namespace {

TEST(DefaultProgramFolders, EndWithTheFoldersOfBoards) {
  const auto folders = DefaultProgramFolders();
  for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/src/tensorrt/bin"})
    EXPECT_NE(std::find(folders.begin(), folders.end(), fs::path(folder)), folders.end()) << folder;
  EXPECT_EQ(folders.back(), "/usr/src/tensorrt/bin");
}

TEST(FindProgram, TakesTheFirstExecutableFile) {
  const FakeBoard first, second;
  Programs programs{{first.bin(), second.bin()}, false};
  EXPECT_EQ(FindProgram(programs, "trtexec"), std::nullopt);
  second.Program("trtexec", "");
  EXPECT_EQ(FindProgram(programs, "trtexec"), second.bin() / "trtexec");
  // Neither a folder nor a file that can't be executed is a program.
  fs::create_directories(first.bin() / "trtexec");
  EXPECT_EQ(FindProgram(programs, "trtexec"), second.bin() / "trtexec");
  first.Program("nvpmodel", "");
  second.Program("nvpmodel", "");
  fs::permissions(first.bin() / "nvpmodel", fs::perms::owner_read);
  EXPECT_EQ(FindProgram(programs, "nvpmodel"), second.bin() / "nvpmodel");
}

TEST(RunProgram, CollectsWhatItSaysAndClosesItsInput) {
  const FakeBoard board;
  board.Program("ask", "read answer || echo none; echo \"$1\"; echo bad >&2; exit 3\n");
  const auto output = RunProgram(board.host().programs, "ask", {"-m"});
  ASSERT_TRUE(output.ok()) << output.error().ToString();
  EXPECT_EQ(output->out, "none\n-m\n");
  EXPECT_EQ(output->status.code, 3);
  EXPECT_EQ(LastWords(*output), "bad");
}

TEST(RunProgram, OneThatIsMissingIsNamed) {
  const FakeBoard board;
  const auto output = RunProgram(board.host().programs, "nvpmodel", {});
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(output.error().message.find("'nvpmodel'"), std::string::npos);
}

TEST(RunProgram, OneThatHangsIsEnded) {
  const FakeBoard board;
  board.Program("hang", "exec sleep 60\n");
  const auto output =
      RunProgram(board.host().programs, "hang", {}, {.limit = std::chrono::milliseconds(100)});
  ASSERT_FALSE(output.ok());
  EXPECT_NE(output.error().message.find("'hang'"), std::string::npos);
}

TEST(RunProgram, RootsRightsComeBySudoAndOnlyWhenAllowed) {
  const FakeBoard board;
  board.Program("nvpmodel", "echo mode $1\n");
  board.Program("sudo", "echo \"sudo $1\"; shift; exec \"$@\"\n");
  Programs programs = board.host().programs;
  const WithoutRoot nobody;
  const auto refused = RunProgram(programs, "nvpmodel", {"-m"}, {.as_root = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("root"), std::string::npos);
  EXPECT_FALSE(refused.error().hint.empty());
  programs.sudo = true;
  const auto output = RunProgram(programs, "nvpmodel", {"-m"}, {.as_root = true});
  ASSERT_TRUE(output.ok()) << output.error().ToString();
  EXPECT_EQ(output->out, "sudo -n\nmode -m\n");
}

TEST(CanBeRoot, TellsWhySudoRefuses) {
  const FakeBoard board;
  Programs programs = board.host().programs;
  programs.sudo = true;
  {
    const WithoutRoot nobody;
    EXPECT_NE(CanBeRoot(programs).error().message.find("no sudo"), std::string::npos);
  }
  board.Program("sudo", "echo 'sudo: a password is required' >&2; exit 1\n");
  const WithoutRoot nobody;
  const Status status = CanBeRoot(programs);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("a password is required"), std::string::npos);
}

TEST(WriteSetting, WritesDirectlyOrWithSudo) {
  const FakeBoard board;
  board.Write("governor", "conservative\n");
  const fs::path file = board.root() / "governor";
  ASSERT_TRUE(WriteSetting(board.host().programs, file, "ondemand").ok());
  EXPECT_EQ(board.Read("governor"), "ondemand");

  fs::permissions(file, kReadOnly);
  Programs programs{{board.bin(), "/usr/bin", "/bin"}, false};
  // Stands for sudo also where the tests don't run as root: then the file is the tester's own.
  board.Program("sudo",
                "[ \"$1\" = -n ] || exit 2\nshift\nchmod u+w $ROOT/governor\nexec \"$@\"\n");
  const WithoutRoot nobody;
  const Status refused = WriteSetting(programs, file, "performance");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find(file.string()), std::string::npos);
  EXPECT_EQ(board.Read("governor"), "ondemand");
  EXPECT_FALSE(CanWriteSetting(programs, file).ok());
  programs.sudo = true;
  EXPECT_TRUE(CanWriteSetting(programs, file).ok());
  ASSERT_TRUE(WriteSetting(programs, file, "performance").ok());
  EXPECT_EQ(board.Read("governor"), "performance");
}

TEST(WriteSetting, AMissingFileIsNotMade) {
  const FakeBoard board;
  EXPECT_FALSE(WriteSetting(board.host().programs, board.root() / "missing", "1").ok());
  EXPECT_FALSE(fs::exists(board.root() / "missing"));
}

}  // namespace
}  // namespace edgeopt::hardware
