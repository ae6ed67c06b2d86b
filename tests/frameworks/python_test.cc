#include "frameworks/python.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/subprocess.h"
#include "frameworks/worker_files.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PythonTest : public ::testing::Test {
 protected:
  // A Python that answers with this version.
  std::string Fake(const std::string& name, int minor, bool pip) {
    const fs::path path = folder_.path() / name;
    EXPECT_TRUE(WriteFile(path, "#!/bin/sh\necho '{\"executable\": \"" + path.string() +
                                    "\", \"version\": [3, " + std::to_string(minor) +
                                    ", 1], \"pip\": " + (pip ? "true" : "false") +
                                    ", \"uv_environment\": {\"UV_FIND_LINKS\": \"/w\"}}'\n")
                    .ok());
    fs::permissions(path, fs::perms(0755));
    return path;
  }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  const fs::path files_ = LayOutFiles(folder_.path()).value();
};

TEST_F(PythonTest, FirstThatFitsWithPipIfThereIsOne) {
  const std::string old = Fake("old", 10, true), bare = Fake("bare", 12, false),
                    good = Fake("good", 13, true), next = Fake("next", 14, true);
  EXPECT_EQ(FindPython({old, bare, good}, files_)->executable, good);
  EXPECT_EQ(FindPython({next, bare}, files_)->executable, bare);
  const auto python = FindPython({good}, files_);
  EXPECT_EQ(python->minor, 13);
  EXPECT_TRUE(python->pip);
  EXPECT_THAT(python->uv_environment, UnorderedElementsAre("UV_FIND_LINKS=/w"));
  EXPECT_EQ(FindPython({next, old}, files_).error().message,
            "there is no Python of version 3.11 to 3.13 on the PATH; found " + next + " (3.14), " +
                old + " (3.10)");
}

// The probe itself, with pip's configuration in a file of the test's.
TEST_F(PythonTest, PipsSettingsBecomeUvs) {
  const fs::path settings = folder_.path() / "pip.conf";
  ASSERT_TRUE(WriteFile(settings,
                        "[global]\nindex-url = https://index.invalid/simple\n"
                        "find-links =\n  https://links.invalid/\n  /nowhere\n  /usr\n"
                        "trusted-host = index.invalid\ncert = /etc/own.pem\n"
                        "[install]\nextra-index-url = https://more.invalid/simple\n")
                  .ok());
  const auto probe = [&](const std::string& also) {
    const auto done =
        RunCommand({"/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "HOME=" + folder_.path().string(),
                    "PIP_CONFIG_FILE=" + settings.string(), also, "/usr/bin/python3",
                    (files_ / "python/probe_python.py").string()});
    EXPECT_TRUE(done.ok() && done->status.ok());
    return done.ok() ? done->out : "";
  };
  const std::string told = probe("LC_ALL=C");
  if (told.find("\"pip\": false") != std::string::npos)
    GTEST_SKIP() << "Debian's Python has no pip";
  for (const char* pair :
       {R"("UV_DEFAULT_INDEX": "https://index.invalid/simple")",
        R"("UV_FIND_LINKS": "https://links.invalid/,/usr")",
        R"("UV_INSECURE_HOST": "index.invalid")", R"("SSL_CERT_FILE": "/etc/own.pem")",
        R"("UV_EXTRA_INDEX_URL": "https://more.invalid/simple")"})
    EXPECT_THAT(told, HasSubstr(pair));
  // What the user told uv itself counts.
  EXPECT_THAT(probe("UV_INDEX_URL=https://mine.invalid/"),
              ::testing::Not(HasSubstr("UV_DEFAULT_INDEX")));
  // A variable counts more than the file.
  EXPECT_THAT(probe("PIP_INDEX_URL=https://variable.invalid/"),
              HasSubstr(R"("UV_DEFAULT_INDEX": "https://variable.invalid/")"));
}

}  // namespace
}  // namespace edgeopt::frameworks
