#include "base/tail_file.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace edgeopt {
namespace {

namespace fs = std::filesystem;

class TailFileTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  const fs::path path_ = folder_.path() / "logs" / "log.txt";
};

TEST_F(TailFileTest, IsMadeAtTheFirstText) {
  TailFile file(path_);
  file.Append("");
  EXPECT_FALSE(file.written());
  EXPECT_FALSE(fs::exists(path_.parent_path()));
  file.Append("one\n");
  file.Append("two\n");
  EXPECT_TRUE(file.written());
  EXPECT_EQ(file.path(), path_);
  EXPECT_EQ(ReadFile(path_).value(), "one\ntwo\n");
}

TEST_F(TailFileTest, LeavesOthersAlone) {
  TailFile first(path_), second(path_), third(path_);
  first.Append("first");
  second.Append("second");
  third.Append("third");
  EXPECT_EQ(ReadFile(path_).value(), "first");
  EXPECT_EQ(second.path().filename(), "log-2.txt");
  EXPECT_EQ(ReadFile(second.path()).value(), "second");
  EXPECT_EQ(third.path().filename(), "log-3.txt");
  EXPECT_EQ(ReadFile(third.path()).value(), "third");
}

TEST_F(TailFileTest, KeepsTheEnd) {
  TailFile file(path_, 1000);
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    all += line;
    file.Append(line);
    ASSERT_LE(fs::file_size(path_), 1000u);
  }
  const std::string kept = ReadFile(path_).value();
  const size_t first = kept.find("line ");
  EXPECT_EQ(kept.substr(0, first), "[what was written before is left out]\n");
  // Half of it or more, from the begin of a line.
  EXPECT_GE(kept.size(), 500u);
  const std::string end = kept.substr(first);
  EXPECT_TRUE(all.ends_with("\n" + end)) << kept;
}

TEST_F(TailFileTest, OneLongTextIsCutToo) {
  TailFile file(path_, 1000);
  file.Append(std::string(5000, 'x') + "end");
  const std::string kept = ReadFile(path_).value();
  EXPECT_LE(kept.size(), 1000u);
  EXPECT_TRUE(kept.ends_with("xend"));
}

TEST_F(TailFileTest, WhereNothingCanBeWritten) {
  ASSERT_TRUE(WriteFile(folder_.path() / "logs", "a file").ok());
  TailFile file(path_);
  file.Append("text");
  file.Append("text");
  EXPECT_FALSE(file.written());
}

}  // namespace
}  // namespace edgeopt
