// Making an environment, with a uv that replays what uv does: success, failures in uv's own words,
// and hanging. What the real one does is in environment_long_test.cc.
#include "frameworks/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "base/hash.h"
#include "frameworks/recording_sink.h"
#include "frameworks/worker_files.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class EnvironmentTest : public ::testing::Test {
 protected:
  // `install`: shell commands in place of `uv pip install`.
  EnvironmentOptions Options(const std::string& install) {
    const std::string script =
        "#!/bin/sh\n"
        "echo \"$@\" >> " +
        calls_.string() + "\n" +
        R"(if [ "$1" = venv ]; then
  for folder; do :; done  # the last argument
  mkdir -p "$folder/bin"
  printf '#!/bin/sh\necho python "$@" >> )" +
        calls_.string() + R"(\n' > "$folder/bin/python"
  chmod +x "$folder/bin/python"
  exit
fi
)" + install +
        "\n";
    EXPECT_TRUE(WriteFile(folder_.path() / "uv", script).ok());
    fs::permissions(folder_.path() / "uv", fs::perms(0755));
    EnvironmentOptions options;
    options.cache = folder_.path() / "cache";
    options.uv = (folder_.path() / "uv").string();
    options.python_candidates = {"/usr/bin/python3"};
    options.sink = &sink_;
    return options;
  }
  std::string Calls() const { return ReadFile(calls_).value(); }
  fs::path Folder(Framework framework = Framework::kTensorflow) const {
    return EnvironmentFolder(framework, folder_.path() / "cache");
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  const fs::path calls_ = folder_.path() / "calls";
  RecordingSink sink_;
};

TEST_F(EnvironmentTest, IsMadeOnceThenFound) {
  const auto options = Options("mkdir -p $UV_CACHE_DIR; echo $UV_PYTHON_DOWNLOADS");
  EXPECT_FALSE(IsInstalled(Framework::kTensorflow, options.cache));
  const auto made = OpenEnvironment(Framework::kTensorflow, options);
  ASSERT_TRUE(made.ok()) << made.error().ToString();
  EXPECT_TRUE(made->own());
  EXPECT_EQ(made->folder, Folder());
  EXPECT_EQ(made->python, (Folder() / "bin/python").string());
  EXPECT_TRUE(fs::exists(made->files / "python/edgeopt_worker/__main__.py"));
  EXPECT_THAT(Calls(), AllOf(HasSubstr("venv --python /usr/bin/python3"),
                             HasSubstr("--no-deps --compile-bytecode --require-hashes --no-build"),
                             HasSubstr("/locks/tensorflow.txt"), Not(HasSubstr("stub"))));
  EXPECT_EQ(ReadFile(Folder().string() + ".log").value(), "never\n");
  EXPECT_FALSE(fs::exists(Folder().parent_path() / "uv-cache"));
  EXPECT_THAT(sink_.started, Contains(HasSubstr("installing TensorFlow 2.")));
  EXPECT_EQ(sink_.finished, 1);
  // The folder is named after the lock.
  EXPECT_EQ(Folder().filename().string(),
            "tensorflow-" + Sha256File(EDGEOPT_SOURCE_DIR "/src/frameworks/locks/tensorflow.txt")
                                .value()
                                .substr(0, 16));

  fs::remove(calls_);
  const auto again = OpenEnvironment(Framework::kTensorflow, options);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->python, made->python);
  EXPECT_FALSE(fs::exists(calls_));
  EXPECT_TRUE(IsInstalled(Framework::kTensorflow, options.cache));
}

TEST_F(EnvironmentTest, PytorchGetsStandInsForCuda) {
  const auto made = OpenEnvironment(Framework::kPytorch, Options("exit 0"));
  ASSERT_TRUE(made.ok()) << made.error().ToString();
  EXPECT_THAT(Calls(), HasSubstr("/python/make_stub_libraries.py"));
}

TEST_F(EnvironmentTest, WhatIsHalfMadeIsMadeAnew) {
  fs::create_directories(Folder() / "bin");
  ASSERT_TRUE(WriteFile(Folder() / "bin/python", "").ok());
  ASSERT_TRUE(WriteFile(Folder() / "left", "").ok());
  const auto options = Options("exit 0");
  EXPECT_FALSE(IsInstalled(Framework::kTensorflow, options.cache));
  ASSERT_TRUE(OpenEnvironment(Framework::kTensorflow, options).ok());
  EXPECT_FALSE(fs::exists(Folder() / "left"));
  // Another interpreter behind the link: the system's Python is of another version now.
  fs::rename(Folder() / "bin/python", Folder() / "bin/python3.99");
  fs::create_symlink("python3.99", Folder() / "bin/python");
  EXPECT_FALSE(IsInstalled(Framework::kTensorflow, options.cache));
}

struct Failure {
  const char* output;  // of uv, on its standard error
  const char* message;
  const char* hint;
  bool environment;
};

TEST_F(EnvironmentTest, FailuresSayWhatToDo) {
  const Failure failures[] = {
      {"Resolved 2 packages\nerror: Failed to download `six==1.17.0`\n"
       "  cause: Hash mismatch for `six==1.17.0`\n",
       "error: Failed to download `six==1.17.0` cause: Hash mismatch", "not the pinned one", false},
      {"error: Request failed after 3 retries in 6.1s\n  cause: Connection refused (os error "
       "111)\n",
       "Connection refused", "package index can be reached", false},
      {"error: failed to write\n  cause: No space left on device (os error 28)\n", "No space left",
       "free disk space", true},
      {"error: x: no wheels with a matching Python ABI tag\n", "no wheels", "3.11 to 3.13", false},
  };
  for (const Failure& failure : failures) {
    const auto made = OpenEnvironment(
        Framework::kTensorflow,
        Options(std::string("cat >&2 <<'TEXT'\n") + failure.output + "TEXT\nexit 2"));
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(made.error().environment, failure.environment);
    EXPECT_THAT(made.error().message,
                AllOf(HasSubstr("installing TensorFlow"), HasSubstr(failure.message),
                      HasSubstr(Folder().string() + ".log"), Not(HasSubstr("\n"))));
    EXPECT_THAT(made.error().hint, HasSubstr(failure.hint));
    EXPECT_FALSE(fs::exists(Folder()));
    EXPECT_EQ(ReadFile(Folder().string() + ".log").value(), failure.output);
  }
}

TEST_F(EnvironmentTest, CancelEndsUvAndLeavesNothing) {
  CancelToken cancel;
  auto options = Options("echo $$ > " + (folder_.path() / "pid").string() + "; exec sleep 60");
  options.cancel = &cancel;
  std::thread user([&] {
    while (!fs::exists(folder_.path() / "pid")) std::this_thread::sleep_for(milliseconds(20));
    cancel.Cancel();
  });
  const auto made = OpenEnvironment(Framework::kTensorflow, options);
  user.join();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kInterrupted);
  EXPECT_FALSE(fs::exists(Folder()));
  const std::string pid = ReadFile(folder_.path() / "pid").value();
  EXPECT_FALSE(fs::exists("/proc/" + pid.substr(0, pid.find('\n'))));
}

TEST_F(EnvironmentTest, HangingIsEnded) {
  auto options = Options("exec sleep 60");
  options.install_limit = milliseconds(1500);
  const auto made = OpenEnvironment(Framework::kTensorflow, options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(made.error().message, HasSubstr("was not done after 1500 ms"));
  EXPECT_FALSE(fs::exists(Folder()));
}

TEST_F(EnvironmentTest, TwoAtATimeInstallOnce) {
  const auto options = Options("sleep 1");
  RecordingSink other_sink;
  EnvironmentOptions other_options = options;
  other_options.sink = &other_sink;
  Result<Environment> first = Internal(""), second = Internal("");
  std::thread one([&] { first = OpenEnvironment(Framework::kTensorflow, options); });
  std::thread two([&] { second = OpenEnvironment(Framework::kTensorflow, other_options); });
  one.join();
  two.join();
  EXPECT_TRUE(first.ok() && second.ok());
  const std::string calls = Calls();
  EXPECT_EQ(calls.find("pip install"), calls.rfind("pip install"));
  auto notes = sink_.notes;
  notes.insert(notes.end(), other_sink.notes.begin(), other_sink.notes.end());
  EXPECT_THAT(notes, Contains(HasSubstr("waiting for another process")));
}

TEST_F(EnvironmentTest, WithoutAFittingPython) {
  const fs::path old = folder_.path() / "old-python";
  ASSERT_TRUE(WriteFile(old,
                        "#!/bin/sh\necho '{\"executable\": \"/opt/old\", \"version\": [3, 6, "
                        "9], \"pip\": true, \"uv_environment\": {}}'\n")
                  .ok());
  fs::permissions(old, fs::perms(0755));
  auto options = Options("exit 0");
  options.python_candidates = {"edgeopt-no-such-python", old.string(), "/bin/false"};
  const auto made = OpenEnvironment(Framework::kTensorflow, options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(made.error().message,
            "there is no Python of version 3.11 to 3.13 on the PATH; found /opt/old (3.6)");
  EXPECT_THAT(made.error().hint, HasSubstr("--python"));
}

TEST_F(EnvironmentTest, TheUsersOwnPythonIsLeftAlone) {
  EnvironmentOptions options;
  options.cache = folder_.path();
  fs::create_directories(folder_.path() / "venv/bin");
  ASSERT_TRUE(WriteFile(folder_.path() / "venv/bin/python", "").ok());
  options.python = (folder_.path() / "venv").string();
  const auto venv = OpenEnvironment(Framework::kPytorch, options);
  ASSERT_TRUE(venv.ok()) << venv.error().ToString();
  EXPECT_EQ(venv->python, (folder_.path() / "venv/bin/python").string());
  EXPECT_FALSE(venv->own());
  options.python = "python3";
  EXPECT_EQ(OpenEnvironment(Framework::kPytorch, options)->python, "python3");
  options.python = "/nowhere/python";
  const auto absent = OpenEnvironment(Framework::kPytorch, options);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::kUsage);
  EXPECT_EQ(absent.error().message, "--python '/nowhere/python' is not there");
  EXPECT_FALSE(fs::exists(EnvironmentFolder(Framework::kPytorch, options.cache)));
}

}  // namespace
}  // namespace edgeopt::frameworks
