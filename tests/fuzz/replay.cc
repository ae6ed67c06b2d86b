// Replays the seeds of one fuzz target in ordinary builds: every seed whole, and cut at a few
// places. A crash, a hang or a sanitizer's report fails the test.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::vector<uint8_t> ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(FuzzCorpus, EverySeedAndItsBeginningsAreSurvived) {
  constexpr size_t kCuts = 16;
  ASSERT_TRUE(std::filesystem::is_directory(EDGEOPT_CORPUS)) << EDGEOPT_CORPUS;
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EDGEOPT_CORPUS)) {
    SCOPED_TRACE(entry.path().filename().string());
    const std::vector<uint8_t> seed = ReadFile(entry.path());
    for (size_t cut = 0; cut <= kCuts; ++cut) {
      // A copy of its own, so that a read past the end is a read past an allocation.
      const std::vector<uint8_t> input(seed.begin(), seed.begin() + seed.size() * cut / kCuts);
      EXPECT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
    }
    ++seeds;
  }
  EXPECT_GT(seeds, 0) << "no seed in " << EDGEOPT_CORPUS;
}

}  // namespace
