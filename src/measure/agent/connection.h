// One agent process and the requests to it, without knowing what they are about.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/subprocess.h"
#include "base/tail_file.h"
#include "measure/agent/exchange_file.h"
#include "measure/agent/incoming_bytes.h"
#include "measure/agent/tensor_codec.h"
#include "measure/agent_client.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

class AgentClient::Connection {
 public:
  static Result<std::unique_ptr<Connection>> Open(AgentOptions options);
  ~Connection();

  // The result of the request. What the agent refuses is its error; what ends the agent is
  // Unavailable. `label` names the progress shown in `sink`.
  Result<nlohmann::json> Call(const std::string& method, nlohmann::json params,
                              Sink* sink = nullptr, const std::string& label = {});
  // Tensors into a request (by the exchange file where there is one) and out of an answer.
  Result<nlohmann::json> Encode(std::span<const ir::Tensor> tensors);
  Result<nlohmann::json> EncodeSamples(const std::vector<std::vector<ir::Tensor>>& samples);
  Result<std::vector<ir::Tensor>> Decode(const nlohmann::json& array);

  // What the answer's tensors need before they are decoded; to be called with them first.
  Status FetchOutputs(const nlohmann::json& array);
  // Takes the pieces of a file that the agent offers, in order. The last error is that the whole is
  // not what its hash says: what was taken is good only when Ok is returned. Unsupported when it is
  // larger than `max_bytes`.
  Status Fetch(const std::string& file, int64_t max_bytes, Sink* sink,
               const std::function<Status(const FetchedPiece& piece, int64_t offset)>& take);

  // An answer that does not follow the protocol: the agent is ended.
  Error Nonsense(const std::string& method, const Error& why);
  Status WaitForEnd();
  // From now on the agent has something to set back when it ends: its input is closed, and it gets
  // a few seconds, before it is killed.
  void LetTidyUp() { tidies_up_ = true; }
  bool usable() const { return !ended_; }
  const AgentOptions& options() const { return options_; }
  // "the agent on 'pi@board'".
  std::string who() const;
  const std::string& error_output() const { return process_.error_output(); }
  std::filesystem::path error_log() const;
  std::string exchange_folder() const;

 private:
  Connection(AgentOptions options, std::shared_ptr<TailFile> error_log, Subprocess process)
      : options_(std::move(options)),
        error_log_(std::move(error_log)),
        process_(std::move(process)) {}
  Result<nlohmann::json> Await(const std::string& method, int64_t id, Sink* sink,
                               const std::string& label);
  Result<std::string> NextLine(const std::string& method,
                               std::chrono::steady_clock::time_point deadline);
  Error Ended(const std::string& method, const std::string& how);
  void Stop();
  std::string ErrorTail() const;
  std::string NamedLog() const;  // for messages; empty: there is none
  Status Send(const Payload& payload);
  Status Stage(const Payload& payload);

  AgentOptions options_;
  std::shared_ptr<TailFile> error_log_;  // null: not kept
  std::optional<TemporaryFolder> exchange_;
  std::optional<ExchangeFile> inputs_, outputs_;
  IncomingBytes fetched_;  // outputs that did not fit into a line
  Subprocess process_;
  int64_t next_id_ = 1;
  bool ended_ = false, tidies_up_ = false;
};

}  // namespace edgeopt::measure
