#include "measure/memory.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"

namespace edgeopt::measure {
namespace {

TEST(ReadProcessMemory, ReadsKilobytes) {
  const auto folder = TemporaryFolder::Create().value();
  ASSERT_TRUE(WriteFile(folder.path() / "status",
                        "Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t   300 kB\nVmRSS:\t   200 kB\n")
                  .ok());
  const auto memory = ReadProcessMemory(folder.path());
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(memory->peak_bytes, 300 * 1024);
  EXPECT_EQ(memory->resident_bytes, 200 * 1024);
}

TEST(ReadProcessMemory, SaysWhatIsMissing) {
  const auto folder = TemporaryFolder::Create().value();
  EXPECT_FALSE(ReadProcessMemory(folder.path()).ok());
  ASSERT_TRUE(WriteFile(folder.path() / "status", "Name:\tx\nVmRSS:\t kB\n").ok());
  const auto memory = ReadProcessMemory(folder.path());
  ASSERT_FALSE(memory.ok());
  EXPECT_NE(memory.error().message.find("VmRSS"), std::string::npos);
}

TEST(ResetPeak, ForgetsWhatWasFreedBefore) {
  constexpr size_t kBytes = 64 << 20;
  auto block = std::make_unique<char[]>(kBytes);
  std::memset(block.get(), 1, kBytes);
  block.reset();
  const auto before = ReadProcessMemory();
  ASSERT_TRUE(before.ok());
  if (!ResetPeak()) GTEST_SKIP() << "this kernel does not let the peak be reset";
  const auto after = ReadProcessMemory();
  ASSERT_TRUE(after.ok());
  EXPECT_LT(after->peak_bytes, before->peak_bytes - static_cast<int64_t>(kBytes / 2));
}

TEST(ResetPeak, IsFalseWhereItIsNotAllowed) { EXPECT_FALSE(ResetPeak("/nowhere")); }

}  // namespace
}  // namespace edgeopt::measure
