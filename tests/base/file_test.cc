#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace edgeopt {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
  }
  fs::path Path(const char* name) const { return folder_->path() / name; }
  size_t EntryCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_->path()), {}));
  }
  std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(FileTest, WriteThenReadGivesTheBytes) {
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(WriteFile(Path("x"), content).ok());
  EXPECT_EQ(*ReadFile(Path("x")), content);
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(FileTest, NothingIsVisibleBeforeCommitAndNothingIsLeftWithoutIt) {
  {
    auto file = OutputFile::Create(Path("x"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Write("half").ok());
    EXPECT_FALSE(fs::exists(Path("x")));
  }
  EXPECT_EQ(EntryCount(), 0u);
}

TEST_F(FileTest, RefuseLeavesAnExistingFileAlone) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  const Status refused = WriteFile(Path("x"), "new", Overwrite::kRefuse);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
  EXPECT_EQ(*ReadFile(Path("x")), "old");
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(FileTest, RefuseAlsoSeesAFileThatAppearedMeanwhile) {
  auto file = OutputFile::Create(Path("x"), Overwrite::kRefuse);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Write("new").ok());
  std::ofstream(Path("x")) << "other";
  EXPECT_FALSE(file->Commit().ok());
  EXPECT_EQ(*ReadFile(Path("x")), "other");
}

TEST_F(FileTest, ReplaceReplaces) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  ASSERT_TRUE(WriteFile(Path("x"), "new").ok());
  EXPECT_EQ(*ReadFile(Path("x")), "new");
}

// A limit on the file size stands in for a full disk: write(2) fails half way, as with ENOSPC.
TEST_F(FileTest, AFailedWriteIsAnErrorAndLeavesNothing) {
  const auto write_beyond_the_limit = [this] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Status status = WriteFile(Path("x"), std::string(5000, 'a'));
    const bool right = !status.ok() && status.error().code == ErrorCode::kUnavailable;
    std::exit(right && EntryCount() == 0 ? 0 : 1);
  };
  EXPECT_EXIT(write_beyond_the_limit(), testing::ExitedWithCode(0), "");
}

TEST_F(FileTest, AMissingFolderIsAnError) {
  const Status status = WriteFile(Path("no/such/x"), "content");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("no/such/x"), std::string::npos);
}

TEST_F(FileTest, ReadingAMissingFileNamesIt) {
  const auto missing = ReadFile(Path("none"));
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("none"), std::string::npos);
}

TEST(TemporaryFolder, IsRemovedWithItsContent) {
  fs::path path;
  {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    path = folder->path();
    ASSERT_TRUE(WriteFile(path / "x", "y").ok());
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace edgeopt
