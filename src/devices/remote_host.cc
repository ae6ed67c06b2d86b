#include "devices/remote_host.h"

#include <cstring>
#include <optional>
#include <utility>

namespace edgeopt::devices {
namespace {

constexpr int kNotExecutable = 126, kNotFound = 127;
constexpr int kKilled = 128;  // and the signal's number added: so shells tell it

// Whatever else would be tried there fails as well.
Error Lost(Error error) {
  error.environment = true;
  return error;
}

// The command that AgentClient runs is ssh: its end is the agent's, or the connection's.
std::optional<Error> ExplainEnd(SshHost& ssh, const ExitStatus& status,
                                const std::string& error_output) {
  const std::string& host = ssh.address().text;
  if (status.signal != 0) return std::nullopt;
  if (status.code == kSshFailed) return Lost(ssh.Explain(error_output));
  if (status.code == kNotExecutable || status.code == kNotFound)
    return Unavailable("the agent's files on '" + host + "' are gone or damaged: " + error_output,
                       "'edgeopt device clean " + host +
                           "' removes what is left; the next run "
                           "copies them anew");
  if (status.code > kKilled) {
    const int signal = status.code - kKilled;
    return Unavailable("it was killed on '" + host + "' by signal " + std::to_string(signal) +
                           " (" + ::strsignal(signal) + ")",
                       signal == 9
                           ? "where memory ran out, the kernel's log there says so (dmesg)"
                           : "the runtime there may not stand this model; try another variant "
                             "or fewer threads");
  }
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<RemoteHost>> RemoteHost::Open(RemoteOptions options) {
  std::shared_ptr<RemoteHost> remote(new RemoteHost());
  EDGEOPT_TRY(SshAddress address, ParseSshAddress(options.host));
  EDGEOPT_TRY(remote->ssh_, SshHost::Connect(std::move(address), options.ssh));
  EDGEOPT_TRY(remote->facts_, ProbeHost(*remote->ssh_));
  EDGEOPT_CHECK_OK(CheckHost(remote->facts_, options.host));
  EDGEOPT_TRY(const auto files, FindAgentFiles(remote->facts_.architecture, options.sources));
  EDGEOPT_CHECK_OK(CheckAgentFiles(files, remote->facts_, options.host));
  Sink& sink = options.sink != nullptr ? *options.sink : SilentSink();
  EDGEOPT_TRY(remote->deployment_, Deploy(*remote->ssh_, remote->facts_, files, sink));
  options.sink = nullptr;
  remote->options_ = std::move(options);
  return remote;
}

Result<std::unique_ptr<measure::AgentClient>> RemoteHost::Start(const CancelToken* cancel) {
  if (const Status connected = ssh_->Reconnect(); !connected.ok()) return Lost(connected.error());
  measure::AgentOptions agent;
  agent.argv = ssh_->Argv(AgentScript(), {deployment_.hash});
  agent.where = "on '" + name() + "'";
  agent.shares_files = false;
  agent.cancel = cancel;
  agent.explain_end = [ssh = ssh_](const ExitStatus& status, const std::string& error_output) {
    return ExplainEnd(*ssh, status, error_output);
  };
  auto client = measure::AgentClient::Start(std::move(agent));
  if (!client.ok()) return client.error();
  // Files of the same hash are of the same version, but those of another architecture are built
  // apart from this program.
  const std::string& found = (*client)->hello().edgeopt;
  if (found != options_.version)
    return Unavailable("the agent for '" + name() + "' is edgeopt " + found + ", this is edgeopt " +
                           options_.version,
                       "build both from the same source, or name the right --agent-files");
  return client;
}

}  // namespace edgeopt::devices
