#include "measure/agent/connection.h"

#include <signal.h>
#include <unistd.h>

#include "base/json_object.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCancelEvery(100);
constexpr milliseconds kPatienceAtTheEnd(5000);
constexpr size_t kTailBytes = 1500;
constexpr std::uintmax_t kRoomyBytes = uint64_t{1} << 30;

// Memory, where there is room for batches (containers often get 64 MB of it); else where temporary
// files go, which the page cache makes as quick but for the writing back.
std::filesystem::path ExchangeParent() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(memory, error);
  const bool usable =
      !error && space.available >= kRoomyBytes && ::access(memory.c_str(), W_OK | X_OK) == 0;
  return usable ? memory : std::filesystem::path();
}

// Text of an agent for one line of ours.
std::string Printable(std::string text, size_t max_bytes) {
  if (text.size() > max_bytes) text = text.substr(0, max_bytes) + "...";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

// Shows the progress of one request.
class Shown {
 public:
  Shown(Sink* sink, const std::string& label) : sink_(sink), label_(label) {}
  void Advance(const Answer::Progress& progress) {
    if (sink_ == nullptr) return;
    if (!std::exchange(started_, true)) sink_->Start(label_, progress.total);
    sink_->Advance(progress.done);
  }
  ~Shown() {
    if (started_) sink_->Finish();
  }

 private:
  Sink* sink_;
  const std::string& label_;
  bool started_ = false;
};

}  // namespace

Result<std::unique_ptr<AgentClient::Connection>> AgentClient::Connection::Open(
    AgentOptions options) {
  if (options.argv.empty()) return Internal("no command for the agent");
  std::optional<TemporaryFolder> exchange;
  std::optional<ExchangeFile> inputs;
  if (options.shares_files) {
    EDGEOPT_TRY(exchange, TemporaryFolder::Create(ExchangeParent()));
    EDGEOPT_TRY(ExchangeFile file, ExchangeFile::Create(exchange->path() / kInputsFile));
    inputs.emplace(std::move(file));
  }
  std::shared_ptr<TailFile> log;
  std::function<void(std::string_view)> keep;
  if (!options.error_log.empty()) {
    log = std::make_shared<TailFile>(options.error_log);
    keep = [log](std::string_view text) { log->Append(text); };
  }
  auto process = Subprocess::Start({.argv = options.argv,
                                    .environment = options.environment,
                                    .max_line_bytes = kMaxLineBytes,
                                    .on_error_output = std::move(keep)});
  if (!process.ok()) return process.error().Within(options.who);
  std::unique_ptr<Connection> connection(
      new Connection(std::move(options), std::move(log), std::move(process).value()));
  connection->exchange_ = std::move(exchange);
  connection->inputs_ = std::move(inputs);
  return connection;
}

std::string AgentClient::Connection::who() const {
  return options_.where.empty() ? options_.who : options_.who + " " + options_.where;
}

std::string AgentClient::Connection::exchange_folder() const {
  return exchange_ ? exchange_->path().string() : std::string();
}

Result<json> AgentClient::Connection::Call(const std::string& method, json params, Sink* sink,
                                           const std::string& label) {
  if (ended_) return Unavailable(options_.who + " has ended", "start another one");
  const int64_t id = next_id_++;
  const std::string line = RequestLine({id, method, std::move(params)});
  if (line.size() > kMaxLineBytes)
    return Unsupported("the inputs do not fit into a line of 16 MiB", "use smaller batches");
  if (!process_.Write(line).ok()) return Ended(method, {});
  return Await(method, id, sink, label);
}

Result<json> AgentClient::Connection::Await(const std::string& method, int64_t id, Sink* sink,
                                            const std::string& label) {
  Shown shown(sink, label);
  while (true) {
    EDGEOPT_TRY(const std::string line, NextLine(method, steady_clock::now() + options_.patience));
    auto answer = ParseAnswer(line);
    if (!answer.ok())
      return Nonsense(method, answer.error().Within("'" + Printable(line, 80) + "'"));
    if (answer->id != id && !(answer->id < 0 && answer->error))
      return Nonsense(method, BadInput("it answered request " + std::to_string(answer->id) +
                                       " instead of " + std::to_string(id)));
    if (answer->error) return *answer->error;
    if (answer->result) return std::move(*answer->result);
    shown.Advance(*answer->progress);
  }
}

Result<std::string> AgentClient::Connection::NextLine(const std::string& method,
                                                      steady_clock::time_point deadline) {
  while (true) {
    auto line = process_.ReadLine(kCancelEvery);
    if (line.ok() && line->has_value()) return std::move(**line);
    if (line.ok()) return Ended(method, {});
    if (line.error().code == ErrorCode::kBadInput) return Nonsense(method, line.error());
    if (options_.cancel != nullptr && options_.cancel->cancelled()) {
      Stop();
      ended_ = true;
      return Interrupted();
    }
    if (steady_clock::now() >= deadline) {
      Stop();
      return Ended(method, "it was ended after " +
                               std::to_string(options_.patience.count() / 1000) +
                               " s without a sign of life");
    }
  }
}

Error AgentClient::Connection::Ended(const std::string& method, const std::string& how) {
  ended_ = true;
  const auto status = process_.Wait(kPatienceAtTheEnd);
  if (how.empty() && status.ok() && options_.explain_end)
    if (auto told = options_.explain_end(*status, process_.error_output())) {
      told->message += NamedLog();
      return told->Within(who() + " ended during '" + method + "'");
    }
  std::string reason = how;
  std::string hint = options_.end_hint;
  if (reason.empty() && status.ok()) reason = status->ToString();
  if (reason.empty()) {
    process_.Kill();
    reason = "it closed its output";
  }
  if (how.empty() && status.ok() && status->signal == SIGKILL)
    hint = "it was ended from outside; where memory ran out, the kernel's log says so (dmesg)";
  return Unavailable(who() + " ended during '" + method + "': " + reason + ErrorTail(), hint);
}

AgentClient::Connection::~Connection() {
  if (tidies_up_ && !ended_) Stop();
}

void AgentClient::Connection::Stop() {
  if (tidies_up_) {
    process_.CloseInput();
    if (process_.Wait(kPatienceAtTheEnd).ok()) return;
  }
  process_.Kill();
}

Error AgentClient::Connection::Nonsense(const std::string& method, const Error& why) {
  Stop();
  return Ended(method, "its answer does not follow the protocol: " + why.message);
}

std::string AgentClient::Connection::ErrorTail() const {
  std::string tail = process_.error_output();
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  if (tail.empty()) return {};
  if (tail.size() > kTailBytes) tail = "..." + tail.substr(tail.size() - kTailBytes);
  return "; it wrote: " + Printable(std::move(tail), kTailBytes + 3) + NamedLog();
}

std::string AgentClient::Connection::NamedLog() const {
  const std::filesystem::path log = error_log();
  return log.empty() ? "" : " (all of it: '" + log.string() + "')";
}

std::filesystem::path AgentClient::Connection::error_log() const {
  return error_log_ != nullptr && error_log_->written() ? error_log_->path()
                                                        : std::filesystem::path();
}

Status AgentClient::Connection::WaitForEnd() {
  process_.CloseInput();
  ended_ = true;
  EDGEOPT_TRY(const ExitStatus status, process_.Wait(kPatienceAtTheEnd));
  if (status.ok()) return OkStatus();
  return Unavailable(options_.who + " ended with " + status.ToString() + ErrorTail());
}

Status AgentClient::Connection::Send(const Payload& payload) {
  if (payload.parts.empty()) return OkStatus();
  return inputs_ ? inputs_->Write(payload) : Stage(payload);
}

Result<json> AgentClient::Connection::Encode(std::span<const ir::Tensor> tensors) {
  Payload payload;
  const bool apart = inputs_ || ElementBytes(tensors) > kMaxInlineBytes;
  json array = EncodeTensors(tensors, apart ? &payload : nullptr);
  EDGEOPT_CHECK_OK(Send(payload));
  return array;
}

Result<json> AgentClient::Connection::EncodeSamples(
    const std::vector<std::vector<ir::Tensor>>& samples) {
  uint64_t bytes = 0;
  for (const auto& sample : samples) bytes += ElementBytes(sample);
  Payload payload;
  const bool apart = inputs_ || bytes > kMaxInlineBytes;
  json array = json::array();
  for (const auto& sample : samples)
    array.push_back(EncodeTensors(sample, apart ? &payload : nullptr));
  EDGEOPT_CHECK_OK(Send(payload));
  return array;
}

Result<std::vector<ir::Tensor>> AgentClient::Connection::Decode(const json& array) {
  const IncomingBytes fetched = std::exchange(fetched_, {});
  return DecodeTensors(array, [&](uint64_t offset, uint64_t size) -> Result<Buffer> {
    if (!exchange_) return fetched.Read(offset, size);
    if (!outputs_) {
      EDGEOPT_TRY(ExchangeFile file, ExchangeFile::Open(exchange_->path() / kOutputsFile));
      outputs_.emplace(std::move(file));
    }
    return outputs_->Read(offset, size);
  });
}

}  // namespace edgeopt::measure
