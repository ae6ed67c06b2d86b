#include "runtimes/tensorrt/trtexec_version.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes::tensorrt {
namespace {

struct Banner {
  const char* line;
  Version version;
};

// First lines of logs in NVIDIA/TensorRT's issues 4494 and 4036, and OE4T/meta-tegra's pull
// request 2243; the number of 11.4.1 follows NV_TENSORRT_VERSION_INT of v11.1.
constexpr Banner kBanners[] = {
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v8602] # trtexec --onnx=a.onnx --fp16", {8, 6, 2}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec --loadEngine=a.engine", {8, 6, 1}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v9200] # trtexec --help", {9, 2, 0}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v100300] # /usr/src/tensorrt/bin/trtexec --int8",
     {10, 3, 0}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v100800] [b43] # trtexec", {10, 8, 0}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v101602] [b10] # trtexec --onnx=/videos/t.onnx",
     {10, 16, 2}},
    {"&&&& RUNNING TensorRT.trtexec [TensorRT v110401] [b12] # trtexec", {11, 4, 1}},
};

TEST(TrtexecVersion, IsReadFromTheBannerOfEveryRelease) {
  for (const Banner& banner : kBanners) {
    const auto version =
        ParseTrtexecVersion(std::string(banner.line) + "\n=== Model Options ===\n");
    ASSERT_TRUE(version.ok()) << banner.line << ": " << version.error().ToString();
    EXPECT_EQ(*version, banner.version) << banner.line;
  }
}

TEST(TrtexecVersion, IsFoundBehindOtherLines) {
  const auto version = ParseTrtexecVersion(
      "warning: something\n&&&& RUNNING TensorRT.trtexec [TensorRT v100300] # trtexec --help\n");
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->ToString(), "10.3.0");
}

TEST(TrtexecVersion, IsNotTakenFromTheCommandLine) {
  const auto version =
      ParseTrtexecVersion("&&&& RUNNING TensorRT.trtexec # trtexec --onnx=[TensorRT v100300]\n");
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kUnsupported);
}

TEST(TrtexecVersion, RefusesAnOldOneWithTheWayOut) {
  // JetPack 5.1 has TensorRT 8.5.
  const auto version =
      ParseTrtexecVersion("&&&& RUNNING TensorRT.trtexec [TensorRT v8502] # trtexec --help\n");
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(version.error().message.find("8.5.2"), std::string::npos);
  EXPECT_NE(version.error().hint.find("JetPack"), std::string::npos);
}

TEST(TrtexecVersion, RefusesWhatIsNotTrtexec) {
  for (const char* text :
       {"", "\n\n", "trtexec: command not found", "&&&& RUNNING TensorRT.other [TensorRT v100300]",
        "&&&& RUNNING TensorRT.trtexec [TensorRT v", "&&&& RUNNING TensorRT.trtexec [TensorRT v]",
        "&&&& RUNNING TensorRT.trtexec [TensorRT vx]",
        "&&&& RUNNING TensorRT.trtexec [TensorRT v12",
        "&&&& RUNNING TensorRT.trtexec [TensorRT v50000]",
        "&&&& RUNNING TensorRT.trtexec [TensorRT v-100300]",
        "&&&& RUNNING TensorRT.trtexec [TensorRT v99999999999999999999]"}) {
    const auto version = ParseTrtexecVersion(text);
    ASSERT_FALSE(version.ok()) << text;
    EXPECT_EQ(version.error().code, ErrorCode::kBadInput) << text;
  }
}

TEST(TrtexecVersion, IsOrderedAsReleasesAre) {
  EXPECT_LT((Version{8, 6, 2}), (Version{10, 0, 0}));
  EXPECT_LT((Version{10, 3, 0}), (Version{10, 16, 0}));
  EXPECT_LT((Version{10, 16, 2}), (Version{11, 0, 0}));
}

TEST(TrtexecVersion, TheUsersPathIsTheOnlyOne) {
  EXPECT_EQ(TrtexecCandidates("/opt/trtexec"), std::vector<std::string>{"/opt/trtexec"});
  EXPECT_EQ(TrtexecCandidates(),
            (std::vector<std::string>{"trtexec", "/usr/src/tensorrt/bin/trtexec"}));
}

TEST(ParseVersion, IsTheOtherWayRoundOfToString) {
  EXPECT_EQ(ParseVersion("10.3.0"), (Version{10, 3, 0}));
  EXPECT_EQ(ParseVersion("8.6.2"), (Version{8, 6, 2}));
  for (const char* text : {"", "10", "10.3", "10.3.", "10.3.0.1", "10.3.x", "-1.3.0", "v10.3.0"})
    EXPECT_EQ(ParseVersion(text), std::nullopt) << text;
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
