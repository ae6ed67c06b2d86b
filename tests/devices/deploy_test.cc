#include "devices/deploy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "base/file.h"

namespace edgeopt::devices {
namespace {

namespace fs = std::filesystem;

// A host that is this machine with another home: its `ssh` hands the line to a shell, as sshd does.
// The real one is in tests/cli/remote_test.py.
class Deploys : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(home());
    Script("ssh", "while [ \"$1\" != -- ]; do shift; done\nHOME='" + home().string() +
                      "' exec sh -c \"$3\"\n");
    Connect();
    // Programs that do nothing, with success, whatever they are asked.
    for (const char* name : {"edgeopt", "libother.so"})
      fs::copy_file("/bin/true", folder_.path() / name);
    files_ = {{folder_.path() / "edgeopt", "bin/edgeopt"},
              {folder_.path() / "libother.so", "lib/edgeopt/libother.so"}};
    // Another content, still a program that runs: what is behind an ELF file's end does not matter.
    Append("libother.so");
  }
  void Script(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFile(folder_.path() / name, "#!/bin/sh\n" + text).ok());
    ASSERT_EQ(::chmod((folder_.path() / name).c_str(), 0755), 0);
  }
  void Append(const std::string& name) {
    const auto content = ReadFile(folder_.path() / name);
    ASSERT_TRUE(WriteFile(folder_.path() / name, *content + "more").ok());
    ASSERT_EQ(::chmod((folder_.path() / name).c_str(), 0755), 0);
  }
  void Connect() {
    SshOptions options;
    options.program = (folder_.path() / "ssh").string();
    auto host = SshHost::Connect(*ParseSshAddress("pi@board"), options);
    ASSERT_TRUE(host.ok()) << host.error().ToString();
    host_ = *host;
  }
  fs::path home() const { return folder_.path() / "a home"; }
  fs::path agents() const { return home() / ".cache/edgeopt/agents"; }
  HostFacts Facts() {
    auto facts = ProbeHost(*host_);
    EXPECT_TRUE(facts.ok()) << facts.error().ToString();
    return facts.ok() ? *facts : HostFacts();
  }
  Result<Deployment> DeployNow() { return Deploy(*host_, Facts(), files_, SilentSink()); }
  std::vector<std::string> NamesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  std::shared_ptr<SshHost> host_;
  std::vector<AgentFile> files_;
};

TEST_F(Deploys, RemovesWhatAPowerCutLeftLongAgo) {
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(2);
  for (const char* name : {"abc.part.7/bin", "abc.part.8/bin", "store"})
    fs::create_directories(agents() / name);
  for (const char* name : {"abc.part.7", "abc.part.8", "store/def.part.7", "store/def.part.8"}) {
    if (!fs::exists(agents() / name)) {
      ASSERT_TRUE(WriteFile(agents() / name, "half").ok());
    }
    if (std::string_view(name).ends_with("7")) fs::last_write_time(agents() / name, old);
  }
  ASSERT_TRUE(DeployNow().ok());
  EXPECT_FALSE(fs::exists(agents() / "abc.part.7"));
  EXPECT_FALSE(fs::exists(agents() / "store/def.part.7"));
  EXPECT_TRUE(fs::exists(agents() / "abc.part.8"));  // another edgeopt may be at it
  EXPECT_TRUE(fs::exists(agents() / "store/def.part.8"));
}

TEST_F(Deploys, ItsFactsAreThisMachines) {
  const HostFacts facts = Facts();
  EXPECT_EQ(facts.system, "Linux");
  EXPECT_EQ(facts.architecture + "\n", RunCommand({"uname", "-m"})->out);
  EXPECT_EQ(facts.word_bits, 64);
  ASSERT_TRUE(facts.glibc);
  EXPECT_EQ("glibc " + facts.glibc->ToString() + "\n",
            RunCommand({"getconf", "GNU_LIBC_VERSION"})->out);
  EXPECT_EQ(facts.home, home().string());
  EXPECT_EQ(facts.folder(), agents().string());
  EXPECT_TRUE(facts.agents.empty());
  ASSERT_TRUE(facts.free_bytes);
  // Other programs write meanwhile.
  const auto free = static_cast<double>(fs::space(home()).available);
  EXPECT_NEAR(static_cast<double>(*facts.free_bytes), free, 0.1 * free + 1e6);
  EXPECT_FALSE(fs::exists(agents())) << "asking changes nothing";
}

TEST_F(Deploys, OnceAndOnlyWhatIsMissing) {
  const auto first = DeployNow();
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  EXPECT_EQ(first->sent_files, 2);
  EXPECT_EQ(first->sent_bytes,
            static_cast<int64_t>(fs::file_size(files_[0].local) + fs::file_size(files_[1].local)));
  EXPECT_EQ(Facts().agents, std::vector<std::string>{first->hash});
  for (const AgentFile& file : files_)
    EXPECT_EQ(*ReadFile(agents() / first->hash / file.name), *ReadFile(file.local)) << file.name;
  EXPECT_EQ(fs::status(agents()).permissions(), fs::perms::owner_all)
      << "models are nobody else's business";

  const auto second = DeployNow();
  ASSERT_TRUE(second.ok()) << second.error().ToString();
  EXPECT_EQ(second->sent_files, 0);
  EXPECT_EQ(second->hash, first->hash);

  Append("libother.so");
  const auto changed = DeployNow();
  ASSERT_TRUE(changed.ok()) << changed.error().ToString();
  EXPECT_EQ(changed->sent_files, 1);
  EXPECT_NE(changed->hash, first->hash);
  EXPECT_EQ(Facts().agents.size(), 2u);

  files_[1].name = "lib/edgeopt/libsame.so";  // another agent, the same contents
  const auto renamed = DeployNow();
  ASSERT_TRUE(renamed.ok()) << renamed.error().ToString();
  EXPECT_EQ(renamed->sent_files, 0);
  EXPECT_NE(renamed->hash, changed->hash);
}

TEST_F(Deploys, WhatWasCutOffIsNotTakenForWhole) {
  const auto first = DeployNow();
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  // As a power cut may leave it: a folder in the making, a content that lost its bytes.
  fs::rename(agents() / first->hash, agents() / (first->hash + ".part.7"));
  EXPECT_TRUE(Facts().agents.empty());
  for (const std::string& name : NamesIn(agents() / "store"))
    if (*ReadFile(agents() / "store" / name) == *ReadFile(files_[1].local))
      fs::resize_file(agents() / "store" / name, 10);
  const auto again = DeployNow();
  ASSERT_TRUE(again.ok()) << again.error().ToString();
  EXPECT_EQ(again->sent_files, 1);
  EXPECT_EQ(*ReadFile(agents() / again->hash / files_[1].name), *ReadFile(files_[1].local));
}

TEST_F(Deploys, WhatArrivesDamagedIsNotKept) {
  Script("sha256sum", "cat >/dev/null; echo " + std::string(64, '0') + "  -\n");
  Script("ssh", "while [ \"$1\" != -- ]; do shift; done\nHOME='" + home().string() + "' PATH='" +
                    folder_.path().string() + "':$PATH exec sh -c \"$3\"\n");
  const auto deployed = DeployNow();
  ASSERT_FALSE(deployed.ok());
  EXPECT_EQ(deployed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(deployed.error().message.find("damaged"), std::string::npos)
      << deployed.error().message;
  EXPECT_TRUE(NamesIn(agents() / "store").empty());
}

TEST_F(Deploys, AProgramThatDoesNotStartIsNoAgent) {
  // false --version fails (GNU coreutils).
  fs::copy_file("/bin/false", files_[0].local, fs::copy_options::overwrite_existing);
  const auto deployed = DeployNow();
  ASSERT_FALSE(deployed.ok());
  EXPECT_EQ(deployed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(deployed.error().message.find("'pi@board': the agent does not start"),
            std::string::npos);
  EXPECT_EQ(NamesIn(agents()), std::vector<std::string>{"store"});
}

TEST_F(Deploys, AMissingLibraryIsNamed) {
  // The program asks for a library that nobody has: a name of the same length in its table of
  // names.
  std::string program = *ReadFile("/bin/true");
  const size_t at = program.find(std::string("libc.so.6\0", 10));
  ASSERT_NE(at, std::string::npos);
  program.replace(at, 9, "libq.so.9");
  ASSERT_TRUE(WriteFile(files_[0].local, program).ok());
  const auto deployed = DeployNow();
  ASSERT_FALSE(deployed.ok());
  EXPECT_NE(deployed.error().message.find("missing there: libq.so.9"), std::string::npos)
      << deployed.error().message;
  EXPECT_NE(deployed.error().hint.find("--agent-files"), std::string::npos);
}

TEST_F(Deploys, AFullDiskIsSeenBefore) {
  HostFacts facts = Facts();
  facts.free_bytes = 1'000'000;
  const auto deployed = Deploy(*host_, facts, files_, SilentSink());
  ASSERT_FALSE(deployed.ok());
  EXPECT_EQ(deployed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(deployed.error().message.find("1 MB are free"), std::string::npos)
      << deployed.error().message;
  EXPECT_NE(deployed.error().hint.find("device clean pi@board"), std::string::npos);
  EXPECT_FALSE(fs::exists(home() / ".cache"));
}

TEST_F(Deploys, AFolderThatCanNotBeMadeIsNamed) {
  ASSERT_TRUE(WriteFile(home() / ".cache", "a file").ok());
  const auto deployed = DeployNow();
  ASSERT_FALSE(deployed.ok());
  EXPECT_EQ(deployed.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(deployed.error().message.find((home() / ".cache").string()), std::string::npos)
      << deployed.error().message;
  EXPECT_NE(deployed.error().hint.find("may write"), std::string::npos);
}

TEST_F(Deploys, CleanLeavesNothing) {
  const auto nothing = Clean(*host_);
  ASSERT_TRUE(nothing.ok()) << nothing.error().ToString();
  EXPECT_EQ(nothing->folder, "");
  ASSERT_TRUE(DeployNow().ok());
  const auto cleaned = Clean(*host_);
  ASSERT_TRUE(cleaned.ok()) << cleaned.error().ToString();
  EXPECT_EQ(cleaned->folder, agents().string());
  EXPECT_EQ(cleaned->agents, 1);
  EXPECT_EQ(cleaned->files, 2);
  EXPECT_GT(cleaned->bytes, 0);
  EXPECT_TRUE(fs::is_empty(home()));
}

TEST_F(Deploys, CleanKeepsWhatIsNotEdgeopts) {
  ASSERT_TRUE(DeployNow().ok());
  ASSERT_TRUE(WriteFile(home() / ".cache/other", "x").ok());
  ASSERT_TRUE(Clean(*host_).ok());
  EXPECT_EQ(NamesIn(home() / ".cache"), std::vector<std::string>{"other"});
}

TEST_F(Deploys, TheScriptThatRunsAnAgentPassesOnHowItEnded) {
  const auto deployed = DeployNow();
  ASSERT_TRUE(deployed.ok());
  const auto run = [&](const std::string& agent) {
    return host_->Run(AgentScript(), {agent})->status.ToString();
  };
  EXPECT_EQ(run(deployed->hash), "exit code 0");
  EXPECT_EQ(run(std::string(64, '0')), "exit code 127");
  const fs::path program = agents() / deployed->hash / "bin/edgeopt";
  fs::remove(program);
  ASSERT_TRUE(WriteFile(program, "#!/bin/sh\nkill -9 $$\n").ok());
  ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
  EXPECT_EQ(run(deployed->hash), "exit code 137");
}

TEST_F(Deploys, AShellThatPrintsAtItsStartIsRefused) {
  Script("ssh", "echo Welcome to the board\nexec cat\n");
  SshOptions options;
  options.program = (folder_.path() / "ssh").string();
  const auto host = SshHost::Connect(*ParseSshAddress("board"), options);
  ASSERT_FALSE(host.ok());
  EXPECT_NE(host.error().message.find("Welcome to the board"), std::string::npos);
}

TEST_F(Deploys, WithoutSshNothingGoes) {
  SshOptions options;
  options.program = (folder_.path() / "no-ssh").string();
  const auto host = SshHost::Connect(*ParseSshAddress("board"), options);
  ASSERT_FALSE(host.ok());
  EXPECT_NE(host.error().hint.find("openssh-client"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::devices
