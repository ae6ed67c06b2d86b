#include "runtimes/library_path.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes {
namespace {

TEST(OnnxRuntimeCandidates, InstalledBeforeCached) {
  const auto candidates = OnnxRuntimeCandidates("/opt/edgeopt/bin", "", "/cache");
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0], "/opt/edgeopt/lib/edgeopt/libonnxruntime.so.1");
#if defined(__x86_64__)
  EXPECT_EQ(candidates[1], "/cache/onnxruntime-1.31.1/x86_64/lib/libonnxruntime.so.1");
#else
  EXPECT_EQ(candidates[1], "/cache/onnxruntime-1.31.1/aarch64/lib/libonnxruntime.so.1");
#endif
}

TEST(OnnxRuntimeCandidates, TheUsersOwnLibraryIsNeverReplaced) {
  const auto candidates = OnnxRuntimeCandidates("/opt/edgeopt/bin", "my.so", "/cache");
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0], "my.so");
}

TEST(OnnxRuntimeCandidates, EmptyFoldersAreLeftOut) {
  EXPECT_TRUE(OnnxRuntimeCandidates("", "", "").empty());
  EXPECT_EQ(OnnxRuntimeCandidates("", "", "/cache").size(), 1u);
}

}  // namespace
}  // namespace edgeopt::runtimes
