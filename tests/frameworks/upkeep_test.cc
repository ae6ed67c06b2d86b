// Environments that nobody needs: which go, and that none goes that is in use.
#include "frameworks/upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/file.h"
#include "base/subprocess.h"
#include "frameworks/environment.h"
#include "frameworks/environment_use.h"
#include "frameworks/recording_sink.h"
#include "frameworks/uv.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOldTorch = "pytorch-0123456789abcdef";
constexpr const char* kOldTensorflow = "tensorflow-0123456789abcdef";

class UpkeepTest : public ::testing::Test {
 protected:
  // An environment of another lock, used `days` ago.
  fs::path Old(const char* name, const char* package = "torch-2.1.0.dist-info", int days = 1) {
    const fs::path folder = frameworks_ / name;
    fs::create_directories(folder / "bin");
    fs::create_directories(folder / "lib/python3.11/site-packages" / package);
    EXPECT_TRUE(WriteFile(folder / "bin/python", std::string(1000, 'p')).ok());
    EXPECT_TRUE(WriteFile(folder / "edgeopt-stamp", "").ok());
    EXPECT_TRUE(WriteFile(folder / "edgeopt-used", "").ok());
    EXPECT_TRUE(WriteFile(folder.string() + ".log", "").ok());
    const auto then = fs::file_time_type::clock::now() - std::chrono::hours(24 * days + 1);
    fs::last_write_time(folder / "edgeopt-used", then);
    fs::last_write_time(folder, then);
    return folder;
  }
  // Of TensorFlow, by a uv that replays what uv does.
  EnvironmentOptions Options() {
    const std::string script =
        "#!/bin/sh\n"
        "if [ \"$1\" = venv ]; then\n"
        "  for folder; do :; done\n"
        "  mkdir -p \"$folder/bin\"; cp /bin/true \"$folder/bin/python\"\n"
        "fi\n";
    EXPECT_TRUE(WriteFile(folder_.path() / "uv", script).ok());
    fs::permissions(folder_.path() / "uv", fs::perms(0755));
    EnvironmentOptions options;
    options.cache = cache_;
    options.uv = (folder_.path() / "uv").string();
    options.python_candidates = {"/usr/bin/python3"};
    options.sink = &sink_;
    return options;
  }
  CleanedEnvironments Clean(bool all = false, std::optional<Framework> framework = {}) {
    const auto cleaned = CleanEnvironments({.cache = cache_, .framework = framework, .all = all});
    EXPECT_TRUE(cleaned.ok()) << cleaned.error().ToString();
    return cleaned.ok() ? *cleaned : CleanedEnvironments();
  }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const auto& environment : ListEnvironments(cache_))
      names.push_back(environment.folder.filename().string());
    return names;
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  const fs::path cache_ = folder_.path() / "cache", frameworks_ = cache_ / "frameworks";
  const fs::path own_ = EnvironmentFolder(Framework::kTensorflow, cache_);
  RecordingSink sink_;
};

TEST_F(UpkeepTest, ListsWhatThereIs) {
  EXPECT_THAT(ListEnvironments(cache_), IsEmpty());
  Old(kOldTorch, "torch-2.1.0+cpu.dist-info", 7);
  fs::create_directories(frameworks_ / "pytorch-notes");
  fs::create_directories(frameworks_ / "worker-0123456789abcdef");
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  const auto all = ListEnvironments(cache_);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].framework, Framework::kPytorch);
  EXPECT_EQ(all[0].version, "2.1.0+cpu");
  EXPECT_EQ(all[0].folder, frameworks_ / kOldTorch);
  EXPECT_EQ(all[0].size_bytes, 1000);
  EXPECT_FALSE(all[0].current || all[0].in_use);
  EXPECT_TRUE(all[0].whole);
  const int64_t now = std::time(nullptr);
  EXPECT_NEAR(static_cast<double>(now - all[0].last_used_s), 7 * 86400 + 3600, 60);
  EXPECT_EQ(all[1].folder, own_);
  EXPECT_TRUE(all[1].current && all[1].whole);
  EXPECT_LE(now - all[1].last_used_s, 60);
}

TEST_F(UpkeepTest, CleaningLeavesTheCurrentOnes) {
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  Old(kOldTorch);
  Old(kOldTensorflow);
  fs::create_directories(frameworks_ / "uv-0.0.1");
  fs::create_directories(UvFolder(frameworks_));
  fs::create_directories(UvCacheFolder(frameworks_));
  ASSERT_TRUE(WriteFile(frameworks_ / "uv-0.0.1/uv", std::string(500, 'u')).ok());
  fs::create_directories(frameworks_ / (std::string(kOldTorch) + ".removed"));
  const CleanedEnvironments cleaned = Clean();
  EXPECT_EQ(cleaned.removed.size(), 2u);
  EXPECT_THAT(cleaned.in_use, IsEmpty());
  EXPECT_EQ(cleaned.bytes, 2500);
  EXPECT_THAT(Left(), ElementsAre(own_.filename().string()));
  for (const char* gone :
       {kOldTorch, "uv-0.0.1", "pytorch-0123456789abcdef.log", "pytorch-0123456789abcdef.removed"})
    EXPECT_FALSE(fs::exists(frameworks_ / gone)) << gone;
  EXPECT_TRUE(fs::exists(UvFolder(frameworks_)));
  EXPECT_TRUE(fs::exists(UvCacheFolder(frameworks_)));
  EXPECT_TRUE(fs::exists(own_.string() + ".log"));
  EXPECT_THAT(Clean().removed, IsEmpty());
}

TEST_F(UpkeepTest, AllIsAll) {
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  Old(kOldTorch);
  fs::create_directories(UvFolder(frameworks_));
  EXPECT_EQ(Clean(true, Framework::kPytorch).removed.size(), 1u);
  EXPECT_TRUE(fs::exists(UvFolder(frameworks_)));
  EXPECT_EQ(Clean(true).removed.size(), 1u);
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_FALSE(fs::exists(UvFolder(frameworks_)));
}

TEST_F(UpkeepTest, NothingIsMadeToClean) {
  EXPECT_THAT(Clean(true).removed, IsEmpty());
  EXPECT_FALSE(fs::exists(cache_));
}

// A half-made one of this lock is nobody's.
TEST_F(UpkeepTest, WhatIsHalfMadeGoes) {
  fs::create_directories(own_ / "bin");
  ASSERT_EQ(ListEnvironments(cache_).size(), 1u);
  EXPECT_FALSE(ListEnvironments(cache_)[0].whole);
  EXPECT_EQ(Clean().removed.size(), 1u);
  EXPECT_FALSE(fs::exists(own_));
}

TEST_F(UpkeepTest, WhatIsInUseStays) {
  auto opened = OpenEnvironment(Framework::kTensorflow, Options());
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(ListEnvironments(cache_)[0].in_use);
  EXPECT_EQ(Clean(true).in_use.size(), 1u);
  // A worker that was started meanwhile holds it on.
  auto worker = Subprocess::Start({.argv = {"sleep", "60"}});
  ASSERT_TRUE(worker.ok());
  *opened = Environment();
  EXPECT_EQ(Clean(true).in_use.size(), 1u);
  EXPECT_TRUE(fs::exists(own_));
  worker->Kill();
  ASSERT_TRUE(worker->Wait(std::chrono::seconds(10)).ok());
  EXPECT_EQ(Clean(true).removed.size(), 1u);
  EXPECT_FALSE(fs::exists(own_));
}

// Whoever removes it holds it alone; who opens it then makes it anew.
TEST_F(UpkeepTest, WhatIsBeingRemovedIsNotOpened) {
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  const auto alone = EnvironmentUse::TakeAlone(own_);
  ASSERT_NE(alone, nullptr);
  EXPECT_EQ(EnvironmentUse::Begin(own_), nullptr);
  fs::rename(own_, own_.string() + ".removed");
  const auto again = OpenEnvironment(Framework::kTensorflow, Options());
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_TRUE(IsInstalled(Framework::kTensorflow, cache_));
}

TEST_F(UpkeepTest, OpeningTouchesIt) {
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  const auto then = fs::file_time_type::clock::now() - std::chrono::hours(1000);
  fs::last_write_time(own_ / "edgeopt-used", then);
  fs::last_write_time(own_, then);
  const int64_t now = std::time(nullptr);
  EXPECT_GT(now - ListEnvironments(cache_)[0].last_used_s, 999 * 3600);
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  EXPECT_LE(now - ListEnvironments(cache_)[0].last_used_s, 60);
}

TEST_F(UpkeepTest, ANewOneReplacesTheLongUnused) {
  const fs::path unused = Old(kOldTensorflow, "tensorflow_cpu-2.9.0.dist-info", 112);
  const fs::path recent = Old("tensorflow-fedcba9876543210", "tensorflow_cpu-2.9.1.dist-info", 80);
  const fs::path other = Old(kOldTorch, "torch-2.1.0.dist-info", 112);
  const fs::path in_use = Old("tensorflow-00000000000000aa", "tensorflow_cpu-2.8.0.dist-info", 112);
  const auto use = EnvironmentUse::Begin(in_use);
  fs::last_write_time(in_use / "edgeopt-used",
                      fs::file_time_type::clock::now() - std::chrono::hours(24 * 112));
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  EXPECT_FALSE(fs::exists(unused));
  for (const fs::path& kept : {recent, other, in_use, own_}) EXPECT_TRUE(fs::exists(kept)) << kept;
  EXPECT_THAT(sink_.notes, Contains(AllOf(HasSubstr("removed '" + unused.string() + "'"),
                                          HasSubstr("not used for 112 days"))));
  // Only then: a second look removes nothing.
  const fs::path later = Old(kOldTensorflow, "tensorflow_cpu-2.9.0.dist-info", 112);
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, Options()).ok());
  EXPECT_TRUE(fs::exists(later));
}

}  // namespace
}  // namespace edgeopt::frameworks
