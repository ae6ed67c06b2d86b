// A machine with an agent on it, ready to measure: what measure/agent_client.h needs to start
// agents there as it starts them here.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/sinks.h"
#include "devices/agent_files.h"
#include "devices/deploy.h"
#include "devices/host_facts.h"
#include "devices/ssh_host.h"
#include "measure/agent_client.h"

namespace edgeopt::devices {

struct RemoteOptions {
  std::string host;  // as ParseSshAddress reads it
  AgentSources sources;
  std::string version;   // of this edgeopt
  Sink* sink = nullptr;  // progress of what is copied; looked at by Open alone
  SshOptions ssh;
};

class RemoteHost {
 public:
  // Connects, asks what the host is, and puts the agent there unless it is there already. Usage
  // error for a name that is none; Unavailable or Unsupported, with what to do, for everything
  // else.
  static Result<std::shared_ptr<RemoteHost>> Open(RemoteOptions options);

  const std::string& name() const { return options_.host; }
  const HostFacts& facts() const { return facts_; }
  const Deployment& deployment() const { return deployment_; }

  // Starts an agent on the host; connects anew where the connection has ended since. The errors of
  // the client tell what befell the connection or the agent there; whoever wants to go on starts
  // another one. The connection lives as long as an agent that uses it.
  Result<std::unique_ptr<measure::AgentClient>> Start(const CancelToken* cancel = nullptr);

 private:
  RemoteHost() = default;

  RemoteOptions options_;
  std::shared_ptr<SshHost> ssh_;
  HostFacts facts_;
  Deployment deployment_;
};

}  // namespace edgeopt::devices
