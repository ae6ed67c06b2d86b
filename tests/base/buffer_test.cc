#include "base/buffer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/file.h"

namespace edgeopt {
namespace {

TEST(Buffer, CopiesShareTheBytes) {
  const Buffer a = Buffer::Own(std::string("hello"));
  const Buffer b = a;
  EXPECT_EQ(a.data(), b.data());
  EXPECT_EQ(b.text(), "hello");
}

TEST(Buffer, SliceKeepsTheWholeAlive) {
  Buffer part;
  {
    const Buffer whole = Buffer::Own(std::string("hello world"));
    part = whole.Slice(6, 5);
  }
  EXPECT_EQ(part.text(), "world");
}

class MappedBuffer : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder.ok());
    folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
    path_ = folder_->path() / "data.bin";
    std::string content(10000, 'a');
    content[5001] = 'x';
    ASSERT_TRUE(WriteFile(path_, content).ok());
  }
  std::unique_ptr<TemporaryFolder> folder_;
  std::filesystem::path path_;
};

TEST_F(MappedBuffer, MapsAnyOffset) {
  const auto mapped = Buffer::Map(path_, 5001, 2);
  ASSERT_TRUE(mapped.ok()) << mapped.error().ToString();
  EXPECT_EQ(mapped->text(), "xa");
}

// Resident pages of this process: the second number of /proc/self/statm.
int64_t ResidentBytes() {
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

TEST_F(MappedBuffer, ReleasedPagesLeaveMemoryAndComeBack) {
  constexpr int64_t kSize = 32 << 20;
  ASSERT_TRUE(WriteFile(path_, std::string(kSize, 'b'), Overwrite::kReplace).ok());
  const auto mapped = Buffer::Map(path_);
  ASSERT_TRUE(mapped.ok());
  const auto count = [&] { return std::count(mapped->text().begin(), mapped->text().end(), 'b'); };
  const int64_t before = ResidentBytes();
  EXPECT_EQ(count(), kSize);
  EXPECT_GT(ResidentBytes() - before, kSize / 2);
  mapped->Slice(1, kSize - 2).ReleasePages();
  EXPECT_LT(ResidentBytes() - before, kSize / 2);
  EXPECT_EQ(count(), kSize);
}

TEST(Buffer, ReleasingTheHeapDoesNothing) {
  const Buffer buffer = Buffer::Own(std::string(100000, 'c'));
  buffer.ReleasePages();
  EXPECT_EQ(std::count(buffer.text().begin(), buffer.text().end(), 'c'), 100000);
}

TEST_F(MappedBuffer, ARangeOutsideTheFileIsAnError) {
  EXPECT_EQ(Buffer::Map(path_, 9999, 2).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(Buffer::Map(path_, 10001, 0).error().code, ErrorCode::kBadInput);
  // offset + length wraps around 2^64.
  EXPECT_EQ(Buffer::Map(path_, 2, UINT64_MAX).error().code, ErrorCode::kBadInput);
}

TEST_F(MappedBuffer, AMissingFileAndAFolderAreErrors) {
  EXPECT_EQ(Buffer::Map(folder_->path() / "none").error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(Buffer::Map(folder_->path(), 0, 1).ok());
}

}  // namespace
}  // namespace edgeopt
