#include "devices/agent_files.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "runtimes/library_path.h"

namespace edgeopt::devices {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOther = runtimes::kOwnArchitecture == "x86_64" ? "aarch64" : "x86_64";

class AgentFiles : public ::testing::Test {
 protected:
  // An empty file, with the folders that it needs.
  fs::path Touch(const fs::path& name) {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFile(path, "").ok());
    return path;
  }
  // "NAME<-LOCAL ..." with LOCAL relative to the folder.
  std::string Found(std::string_view architecture) {
    const auto files = FindAgentFiles(architecture, sources_);
    if (!files.ok()) return files.error().ToString();
    std::string text;
    for (const AgentFile& file : *files)
      text += file.name + "<-" +
              file.local.lexically_normal().lexically_relative(folder_.path()).string() + " ";
    return text;
  }
  std::string CacheOf(std::string_view architecture) {
    const std::string name(architecture);
    Touch("cache/onnxruntime-1.31.1/" + name + "/lib/libonnxruntime.so.1");
    Touch("cache/litert-2.1.4/" + name + "/lib/libLiteRt.so");
    return "lib/edgeopt/libonnxruntime.so.1<-cache/onnxruntime-1.31.1/" + name +
           "/lib/libonnxruntime.so.1 " + "lib/edgeopt/libLiteRt.so<-cache/litert-2.1.4/" + name +
           "/lib/libLiteRt.so ";
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  AgentSources sources_{folder_.path() / "build/edgeopt", {}, folder_.path() / "cache", {}};
};

TEST_F(AgentFiles, ForTheSameArchitectureAreThisProgramsOwn) {
  Touch("build/edgeopt");
  const std::string cached = CacheOf(runtimes::kOwnArchitecture);
  EXPECT_EQ(Found(runtimes::kOwnArchitecture), "bin/edgeopt<-build/edgeopt " + cached);
  Touch("lib/edgeopt/edgeopt-agent");
  EXPECT_EQ(Found(runtimes::kOwnArchitecture), "bin/edgeopt<-lib/edgeopt/edgeopt-agent " + cached);
  Touch("build/edgeopt-agent");
  EXPECT_EQ(Found(runtimes::kOwnArchitecture), "bin/edgeopt<-build/edgeopt-agent " + cached);
  sources_.runtime_library = Touch("mine/libort.so");
  EXPECT_NE(Found(runtimes::kOwnArchitecture).find("libonnxruntime.so.1<-mine/libort.so "),
            std::string::npos);
  sources_.runtime_library = folder_.path() / "gone.so";
  EXPECT_NE(Found(runtimes::kOwnArchitecture).find("gone.so"), std::string::npos);
}

TEST_F(AgentFiles, ForAnotherArchitectureLieBesideThem) {
  const bool arm64_is_other = kOther == "aarch64";
  const std::string own = arm64_is_other ? "build" : "build-arm64";
  const std::string other = arm64_is_other ? "build-arm64" : "build";
  sources_.program = Touch(own + "/edgeopt");
  const std::string missing = Found(kOther);
  EXPECT_NE(missing.find("'" + (folder_.path() / other / "edgeopt").string() + "'"),
            std::string::npos)
      << missing;
  EXPECT_EQ(missing.find("make arm64") != std::string::npos, arm64_is_other) << missing;
  Touch(other + "/edgeopt");
  EXPECT_NE(Found(kOther).find("tools/setup --arch " + std::string(kOther)), std::string::npos);
  const std::string cached = CacheOf(kOther);
  EXPECT_EQ(Found(kOther), "bin/edgeopt<-" + other + "/edgeopt " + cached);
  Touch(other + "/edgeopt-agent");
  EXPECT_EQ(Found(kOther), "bin/edgeopt<-" + other + "/edgeopt-agent " + cached);
}

TEST_F(AgentFiles, OfTheUsersFolderComeFirst) {
  const std::string cached = CacheOf(kOther);
  sources_.folder = folder_.path() / "files";
  EXPECT_NE(Found(kOther).find("files/bin/edgeopt"), std::string::npos);
  Touch("files/bin/edgeopt");
  EXPECT_EQ(Found(kOther), "bin/edgeopt<-files/bin/edgeopt " + cached);
  Touch("files/lib/edgeopt/libLiteRt.so");
  Touch("files/lib/edgeopt/libhwy.so.1");
  Touch("files/lib/edgeopt/notes.txt");
  EXPECT_EQ(Found(kOther),
            "bin/edgeopt<-files/bin/edgeopt "
            "lib/edgeopt/libLiteRt.so<-files/lib/edgeopt/libLiteRt.so "
            "lib/edgeopt/libhwy.so.1<-files/lib/edgeopt/libhwy.so.1 " +
                cached.substr(0, cached.find(' ') + 1));
}

TEST_F(AgentFiles, MayAllLieInOneFolder) {
  sources_.folder = folder_.path() / "flat";
  sources_.cache.clear();
  Touch("flat/edgeopt");
  Touch("flat/libonnxruntime.so.1");
  EXPECT_EQ(Found(kOther),
            "bin/edgeopt<-flat/edgeopt lib/edgeopt/libonnxruntime.so.1<-flat/libonnxruntime.so.1 ");
  Touch("flat/edgeopt-agent");
  EXPECT_TRUE(Found(kOther).starts_with("bin/edgeopt<-flat/edgeopt-agent "));
}

HostFacts Host(const std::string& architecture, GlibcVersion glibc = {2, 36}, int bits = 64) {
  HostFacts facts;
  facts.system = "Linux";
  facts.architecture = architecture;
  facts.word_bits = bits;
  facts.glibc = glibc;
  return facts;
}

TEST(CheckHost, Takes64BitLinuxOnTwoProcessors) {
  EXPECT_TRUE(CheckHost(Host("aarch64"), "board").ok());
  EXPECT_TRUE(CheckHost(Host("x86_64"), "board").ok());
  for (const char* architecture : {"armv7l", "armv6l", "riscv64", "i686"}) {
    const Status refused = CheckHost(Host(architecture), "board");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.error().message.find("'board' is " + std::string(architecture)),
              std::string::npos);
  }
  // Raspberry Pi OS (32-bit) on the 64-bit kernel that it comes with.
  const Status half = CheckHost(Host("aarch64", {2, 36}, 32), "board");
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().message.find("32-bit system on its 64-bit kernel"), std::string::npos);
  EXPECT_NE(half.error().hint.find("Raspberry Pi OS"), std::string::npos);
  HostFacts bsd = Host("x86_64");
  bsd.system = "FreeBSD";
  EXPECT_EQ(CheckHost(bsd, "board").error().code, ErrorCode::kUnsupported);
}

// The test program stands for an agent's file.
TEST(CheckAgentFiles, ComparesProcessorAndGlibc) {
  const std::vector<AgentFile> files = {{fs::read_symlink("/proc/self/exe"), "bin/edgeopt"}};
  const std::string own(runtimes::kOwnArchitecture);
  EXPECT_TRUE(CheckAgentFiles(files, Host(own, {2, 999}), "board").ok());
  const Status processor = CheckAgentFiles(files, Host(std::string(kOther), {2, 999}), "board");
  ASSERT_FALSE(processor.ok());
  EXPECT_EQ(processor.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(
      processor.error().message.find("is built for " + own + ", 'board' is " + std::string(kOther)),
      std::string::npos)
      << processor.error().message;
  const Status old = CheckAgentFiles(files, Host(own, {2, 1}), "board");
  ASSERT_FALSE(old.ok());
  EXPECT_EQ(old.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(old.error().message.find("'board' has 2.1"), std::string::npos) << old.error().message;
  HostFacts unknown = Host(own);
  unknown.glibc.reset();
  EXPECT_TRUE(CheckAgentFiles(files, unknown, "board").ok());
}

TEST(ParseHostFacts, ReadsWhatIsThere) {
  const std::string hash(64, 'a');
  const auto facts = ParseHostFacts(
      "system=Linux\narchitecture=aarch64\nbits=32\nglibc=glibc 2.31\nhome=/a=b\nagent=" + hash +
      "\nagent=" + hash + ".part.12\nagent=store\nfree_kib=1000\nnonsense\n");
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_EQ(facts->architecture, "aarch64");
  EXPECT_EQ(facts->word_bits, 32);
  EXPECT_EQ(facts->glibc, (GlibcVersion{2, 31}));
  EXPECT_EQ(facts->folder(), "/a=b/.cache/edgeopt/agents");
  EXPECT_EQ(facts->agents, std::vector<std::string>{hash});
  EXPECT_EQ(facts->free_bytes, 1'024'000);
}

TEST(ParseHostFacts, WhatIsUnreadableIsNotKnown) {
  const auto facts = ParseHostFacts(
      "architecture=aarch64\nbits=\nglibc=musl\nhome=/x\nfree_kib=99999999999999999999");
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_EQ(facts->word_bits, 0);
  EXPECT_EQ(facts->glibc, std::nullopt);
  EXPECT_EQ(facts->free_bytes, std::nullopt);
  for (const char* text :
       {"", "architecture=aarch64\nhome=\n", "architecture=aarch64\nhome=relative\n", "home=/x\n"})
    EXPECT_EQ(ParseHostFacts(text).error().code, ErrorCode::kUnavailable) << text;
}

}  // namespace
}  // namespace edgeopt::devices
