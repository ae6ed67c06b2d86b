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

TEST(LiteRtCandidates, ItsOwnFolderAndFile) {
  const auto candidates = LiteRtCandidates("/opt/edgeopt/bin", "", "/cache");
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0], "/opt/edgeopt/lib/edgeopt/libLiteRt.so");
#if defined(__x86_64__)
  EXPECT_EQ(candidates[1], "/cache/litert-2.1.4/x86_64/lib/libLiteRt.so");
#else
  EXPECT_EQ(candidates[1], "/cache/litert-2.1.4/aarch64/lib/libLiteRt.so");
#endif
  EXPECT_EQ(LiteRtCandidates("/opt/edgeopt/bin", "my.so", "/cache"),
            (std::vector<std::filesystem::path>{"my.so"}));
}

TEST(FirstExisting, NamesWhatItLookedFor) {
  EXPECT_EQ(FirstExisting({"/nowhere/x", "/"}, "LiteRT").value(), "/");
  const auto none = FirstExisting({"/a/x.so", "/b/y.so"}, "LiteRT");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(none.error().message.find("LiteRT's library"), std::string::npos);
  EXPECT_NE(none.error().message.find("'/a/x.so', '/b/y.so'"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::runtimes
