#include "devices/ssh_address.h"

#include <gtest/gtest.h>

#include "base/subprocess.h"

namespace edgeopt::devices {
namespace {

TEST(SshAddress, IsReadAsSshReadsIt) {
  struct Case {
    const char *text, *destination;
    int port;
  };
  for (const Case& row :
       std::initializer_list<Case>{{"pi@raspberrypi.local", "pi@raspberrypi.local", 0},
                                   {"pi@raspberrypi.local:2222", "pi@raspberrypi.local", 2222},
                                   {"board", "board", 0},
                                   {"192.0.2.7:22", "192.0.2.7", 22},
                                   {"2001:db8::7", "2001:db8::7", 0},
                                   {"[2001:db8::7]:65535", "2001:db8::7", 65535},
                                   {"pi@[fe80::1%eth0]", "pi@fe80::1%eth0", 0},
                                   {"a@b@c", "a@b@c", 0}}) {
    const auto address = ParseSshAddress(row.text);
    ASSERT_TRUE(address.ok()) << row.text << ": " << address.error().ToString();
    EXPECT_EQ(address->destination, row.destination);
    EXPECT_EQ(address->port, row.port) << row.text;
    EXPECT_EQ(address->text, row.text);
  }
}

TEST(SshAddress, WhatIsNoNameIsRefused) {
  for (const char* text : {"",
                           "-oProxyCommand=touch x",
                           "pi@-oProxyCommand=x",
                           "-l@host",
                           "@host",
                           "pi@",
                           "host:",
                           "host:0",
                           "host:65536",
                           "host:22x",
                           "host name",
                           "host;reboot",
                           "$(reboot)",
                           "`reboot`",
                           "a'b",
                           "a\"b",
                           "host\n",
                           "[::1",
                           "[::1]22",
                           "pi@[]:22"}) {
    const auto address = ParseSshAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kUsage) << text;
    EXPECT_FALSE(address.error().hint.empty());
  }
}

TEST(SshAddress, TellsWhatToType) {
  EXPECT_EQ(ParseSshAddress("pi@board:2222")->Command(), "ssh -p 2222 pi@board");
  EXPECT_EQ(ParseSshAddress("board")->Command("ssh-copy-id"), "ssh-copy-id board");
}

// The shell itself is the judge.
TEST(QuoteForShell, GivesTheShellTheSameWord) {
  std::string everything;
  for (int c = 1; c < 256; ++c) everything += static_cast<char>(c);
  for (const std::string& word : {std::string(), std::string("plain"), std::string("two words"),
                                  std::string("it's"), std::string("'"), std::string("''"),
                                  std::string("$HOME `id` $(id) \\ \"x\" !1 *?[a] ~ # & | ;"),
                                  std::string("-n"), std::string("line\nline\n"), everything}) {
    const auto output = RunCommand(
        {"sh", "-c", "printf '%s|' " + QuoteForShell({std::string("a b"), word}) + "; echo"});
    ASSERT_TRUE(output.ok());
    EXPECT_EQ(output->out, "a b|" + word + "|\n");
  }
}

// Standard errors of OpenSSH 9.2 on Debian 12, as they were caught, and what has to be said about
// them.
TEST(ExplainSsh, SaysWhatAndWhatToDo) {
  struct Case {
    const char *text, *what, *remedy;
  };
  const Case kCases[] = {
      {"ssh: Could not resolve hostname nowhere.invalid: Name or service not known\n",
       "nothing here knows", "ssh -p 2222 pi@board"},
      {"ssh: connect to host 127.0.0.1 port 1: Connection refused\n", "no ssh server listens",
       "HOST:PORT"},
      {"ssh: connect to host 192.0.2.1 port 22: Connection timed out\n", "did not answer",
       "network"},
      {"ssh: connect to host 192.0.2.1 port 22: No route to host\n", "no route", "network"},
      {"No ED25519 host key is known for [127.0.0.1]:37439 and you have requested strict "
       "checking.\n"
       "Host key verification failed.\n",
       "host key that this machine does not know", "fingerprint"},
      {"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
       "Host key for [127.0.0.1]:37439 has changed and you have requested strict checking.\n"
       "Host key verification failed.\n",
       "another host key", "ssh-keygen -R board"},
      {"pi@board: Permission denied (publickey,password).\n", "nobody in",
       "ssh-copy-id -p 2222 pi@board"},
      {"Connection to 127.0.0.1 closed by remote host.\n", "closed the connection", "rebooted"},
      {"client_loop: send disconnect: Broken pipe\n", "no longer connected", "power"},
      {"Timeout, server 127.0.0.1 not responding.\n", "stopped answering", "power"},
      {"/etc/ssh/ssh_config: line 3: Bad configuration option: nonsense\n",
       "configuration is wrong", "config"},
  };
  const SshAddress address = *ParseSshAddress("pi@board:2222");
  for (const Case& row : kCases) {
    const Error error = ExplainSsh(address, row.text);
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_NE(error.message.find("pi@board:2222"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(row.what), std::string::npos) << row.text << error.message;
    EXPECT_NE(error.hint.find(row.remedy), std::string::npos) << row.text << error.hint;
  }
}

TEST(ExplainSsh, WhatItDoesNotKnowIsPassedOn) {
  const SshAddress address = *ParseSshAddress("board");
  const Error strange = ExplainSsh(address, "first\nsomething strange happened\r\n\n");
  EXPECT_NE(strange.message.find(": something strange happened"), std::string::npos)
      << strange.message;
  EXPECT_EQ(strange.message.find("first"), std::string::npos);
  EXPECT_NE(ExplainSsh(address, "").message.find("without a word"), std::string::npos);
  EXPECT_FALSE(ExplainSsh(address, "").hint.empty());
}

}  // namespace
}  // namespace edgeopt::devices
