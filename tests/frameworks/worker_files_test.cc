#include "frameworks/worker_files.h"

#include <gtest/gtest.h>

#include <set>

#include "base/file.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;

const fs::path kSources = EDGEOPT_SOURCE_DIR "/src/frameworks";

TEST(WorkerFiles, AreThoseOfTheTree) {
  std::set<std::string> expected, found;
  for (const char* folder : {"python", "python/edgeopt_worker", "locks"})
    for (const auto& entry : fs::directory_iterator(kSources / folder))
      if (entry.path().extension() == (std::string(folder) == "locks" ? ".txt" : ".py"))
        expected.insert(entry.path().lexically_relative(kSources));
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    found.insert(std::string(file.path));
    EXPECT_TRUE(file.text == ReadFile(kSources / file.path).value()) << file.path;
  }
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(found.contains("python/edgeopt_worker/__main__.py"));
}

TEST(WorkerFiles, EveryLockedPackageHasItsHash) {
  for (const Framework framework : {Framework::kPytorch, Framework::kTensorflow}) {
    const std::string_view lock = Lock(framework);
    EXPECT_NE(lock.find(framework == Framework::kPytorch ? "\ntorch==" : "\ntensorflow-cpu=="),
              std::string_view::npos);
    EXPECT_NE(lock.find("--hash=sha256:"), std::string_view::npos);
  }
}

TEST(WorkerFiles, LaidOutOnceAndMended) {
  const auto cache = TemporaryFolder::Create().value();
  const auto folder = LayOutFiles(cache.path());
  ASSERT_TRUE(folder.ok()) << folder.error().ToString();
  EXPECT_EQ(folder->parent_path(), cache.path() / "frameworks");
  const fs::path main = *folder / "python/edgeopt_worker/__main__.py";
  const auto written = fs::last_write_time(main);
  ASSERT_EQ(LayOutFiles(cache.path()).value(), *folder);
  EXPECT_EQ(fs::last_write_time(main), written);
  // What a cleaner of old files took comes back.
  fs::remove(main);
  ASSERT_TRUE(LayOutFiles(cache.path()).ok());
  EXPECT_EQ(ReadFile(main).value(), EmbeddedText("python/edgeopt_worker/__main__.py"));
}

TEST(WorkerFiles, WhatCannotBeWrittenIsSaid) {
  const auto cache = TemporaryFolder::Create().value();
  ASSERT_TRUE(WriteFile(cache.path() / "frameworks", "a file").ok());
  const auto folder = LayOutFiles(cache.path());
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(folder.error().environment);
}

}  // namespace
}  // namespace edgeopt::frameworks
