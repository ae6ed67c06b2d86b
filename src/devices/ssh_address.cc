#include "devices/ssh_address.h"

#include <algorithm>
#include <charconv>

namespace edgeopt::devices {
namespace {

constexpr std::string_view kForm =
    "expected [USER@]HOST[:PORT], as in pi@raspberrypi.local, or a name of ~/.ssh/config";
constexpr int kLargestPort = 65535;

// What host names, addresses (fe80::1%eth0), users and names of ssh's configuration are made of.
// Without the characters that mean something to a shell: ssh's configuration may hand the name on
// to one (ProxyCommand, Match exec).
bool IsAddressCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("._-+%=,:@").find(c) != std::string_view::npos;
}

Result<int> ParsePort(std::string_view text, std::string_view whole) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > kLargestPort)
    return UsageError("'" + std::string(text) + "' in the host '" + std::string(whole) +
                          "' is no port from 1 to 65535",
                      std::string(kForm));
  return port;
}

struct HostAndPort {
  std::string_view host, port;  // port: empty where none is named
};

// A colon that is not the only one belongs to an IPv6 address.
HostAndPort SplitPort(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return {text, {}};
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty()) return {text.substr(1, end - 1), {}};
    // "[::1]22" stays whole, and is refused for its brackets.
    return rest.starts_with(':') ? HostAndPort{text.substr(1, end - 1), rest.substr(1)}
                                 : HostAndPort{text, {}};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

struct SshFailure {
  std::string_view pattern;  // of OpenSSH's message
  std::string_view what;     // "HOST " stands before it
  std::string_view remedy;  // $SSH: the command by hand, $COPY: ssh-copy-id, $HOST: the destination
};

// The first that is found is told: what is more precise stands before what comes along with it.
constexpr SshFailure kFailures[] = {
    {"Could not resolve hostname", "is a name that nothing here knows",
     "check it, or use the device's address; '$SSH' must work"},
    {"Connection refused", "refuses the connection: no ssh server listens there",
     "start it on the device (sshd; on a Raspberry Pi: raspi-config, Interface Options, SSH), or "
     "name "
     "its port: HOST:PORT"},
    {"No route to host", "can't be reached: there is no route to it",
     "check that the device is on and in this network"},
    {"Network is unreachable", "can't be reached: its network is unreachable",
     "check this machine's network"},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", "shows another host key than it did before",
     "if the device was set up anew, forget the old key with 'ssh-keygen -R $HOST' and connect "
     "once "
     "by hand; else something stands in its place"},
    {"Host key verification failed", "has a host key that this machine does not know",
     "connect once by hand, '$SSH', and compare the fingerprint with the device's"},
    {"UNPROTECTED PRIVATE KEY FILE", "was not asked: others may read the private key here",
     "chmod 600 the key file that '$SSH' names"},
    {"Too many authentication failures", "was offered too many keys",
     "name the right one in ~/.ssh/config (IdentityFile, IdentitiesOnly yes)"},
    {"Permission denied (", "lets nobody in with this machine's keys",
     "bring your key there once with '$COPY' (passwords are never asked for here); a key with a "
     "passphrase: ssh-add"},
    {"Bad configuration option", "was not asked: ssh's configuration is wrong",
     "mend ~/.ssh/config until '$SSH' works"},
    {"Bad owner or permissions", "was not asked: ssh's configuration belongs to others",
     "chmod 600 ~/.ssh/config"},
    {"timed out", "did not answer in time", "check that the device is on and in this network"},
    {"not responding", "stopped answering",
     "check the device's power and network, then run the command again"},
    {"closed by remote host", "closed the connection",
     "check whether the device rebooted; then run the command again"},
    {"Connection reset", "broke the connection",
     "check the device's power and network, then run the command again"},
    {"Broken pipe", "is no longer connected",
     "check the device's power and network, then run the command again"},
    {"Connection closed by", "closed the connection before anything was said",
     "'$SSH' must work; the device's log of sshd says why it does not"},
};

std::string Filled(std::string_view remedy, const SshAddress& address) {
  std::string text(remedy);
  const std::pair<std::string_view, std::string> places[] = {
      {"$SSH", address.Command()},
      {"$COPY", address.Command("ssh-copy-id")},
      {"$HOST", address.destination.substr(address.destination.find('@') + 1)}};
  for (const auto& [name, value] : places)
    if (const size_t at = text.find(name); at != std::string::npos)
      text.replace(at, name.size(), value);
  return text;
}

std::string LastLine(std::string_view text) {
  const size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  return std::string(text.substr(text.find_last_of("\r\n") + 1));
}

}  // namespace

std::string SshAddress::Command(std::string_view program) const {
  return std::string(program) + (port > 0 ? " -p " + std::to_string(port) : "") + " " + destination;
}

Result<SshAddress> ParseSshAddress(std::string_view text) {
  const auto refused = [&](const std::string& why) {
    return UsageError("the host '" + std::string(text) + "' " + why, std::string(kForm));
  };
  const size_t at = text.rfind('@');
  const bool has_user = at != std::string_view::npos;
  const std::string_view user = has_user ? text.substr(0, at) : std::string_view();
  const HostAndPort parts = SplitPort(has_user ? text.substr(at + 1) : text);
  if (parts.host.empty() || (has_user && user.empty())) return refused("lacks a name");
  // ssh would take it for an option.
  if (text.starts_with('-') || parts.host.starts_with('-')) return refused("begins with '-'");
  for (const std::string_view part : {user, parts.host})
    if (!std::all_of(part.begin(), part.end(), IsAddressCharacter))
      return refused("holds a character that is in no name of a host");
  SshAddress address;
  address.text = text;
  address.destination = (has_user ? std::string(user) + "@" : "") + std::string(parts.host);
  if (parts.port.data() != nullptr) {
    EDGEOPT_TRY(address.port, ParsePort(parts.port, text));
  }
  return address;
}

std::string QuoteForShell(std::string_view word) {
  std::string quoted = "'";
  for (const char c : word)
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  return quoted + "'";
}

std::string QuoteForShell(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + QuoteForShell(word);
  return line;
}

Error ExplainSsh(const SshAddress& address, std::string_view error_output) {
  for (const SshFailure& failure : kFailures)
    if (error_output.find(failure.pattern) != std::string_view::npos)
      return Unavailable("'" + address.text + "' " + std::string(failure.what),
                         Filled(failure.remedy, address));
  const std::string last = LastLine(error_output);
  return Unavailable("the connection to '" + address.text + "' ended" +
                         (last.empty() ? std::string(" without a word of ssh") : ": " + last),
                     "see whether '" + address.Command() + "' works, then run the command again");
}

}  // namespace edgeopt::devices
