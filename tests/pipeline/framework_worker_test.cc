// Where a framework's worker leaves what it wrote, and whom the making of its environment is told.
// The workers are small programs that end at once.
#include "pipeline/framework_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "frameworks/worker_log.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FrameworkWorkerTest : public ::testing::Test {
 protected:
  FrameworkWorkerTest() {
    EXPECT_TRUE(WriteFile(python_, "#!/bin/sh\necho 'no such luck' >&2\nexit 3\n").ok());
    fs::permissions(python_, fs::perms(0755));
    agents_.cache = folder_.path() / "cache";
    source_.path = folder_.path() / "net.pt2";
  }
  // The only file below the folder.
  static fs::path OnlyFileIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
    EXPECT_EQ(files.size(), 1u) << folder;
    return files.size() == 1 ? files[0] : fs::path();
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  const fs::path python_ = folder_.path() / "python";
  AgentStarter agents_;
  frameworks::Source source_{.kind = frameworks::Kind::kPt2};
};

TEST_F(FrameworkWorkerTest, TheLogIsBelowTheCache) {
  const auto worker = LoadInFramework(agents_, source_, 1, python_.string());
  ASSERT_FALSE(worker.ok());
  const fs::path log = OnlyFileIn(frameworks::LogsFolder(agents_.cache));
  EXPECT_EQ(ReadFile(log).value(), "no such luck\n");
  EXPECT_THAT(worker.error().message, HasSubstr("(all of it: '" + log.string() + "')"));
}

TEST_F(FrameworkWorkerTest, OfARunItIsInTheWorkFolder) {
  report::Record record;
  record.imported.emplace();
  record.imported->source = frameworks::ToJson(source_);
  record.imported->python = python_.string();
  const fs::path work = folder_.path() / "work";
  const auto worker = LoadInFramework(agents_, record, work);
  ASSERT_FALSE(worker.ok());
  const fs::path log = OnlyFileIn(work / kRunLogs);
  EXPECT_EQ(ReadFile(log).value(), "no such luck\n");
  EXPECT_THAT(worker.error().message, HasSubstr(log.string()));
  EXPECT_FALSE(fs::exists(frameworks::LogsFolder(agents_.cache)));
}

}  // namespace
}  // namespace edgeopt::pipeline
