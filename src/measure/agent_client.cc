#include "measure/agent_client.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "base/hash.h"
#include "base/json_object.h"
#include "measure/agent/connection.h"
#include "measure/agent_protocol.h"
#include "measure/fitting_inputs.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

// What a result has to be, read by `from`; an agent that answers otherwise is ended.
#define EDGEOPT_TRY_ANSWER(lhs, method, expr)                                        \
  auto EDGEOPT_CONCAT(answer_, __LINE__) = (expr);                                   \
  if (!EDGEOPT_CONCAT(answer_, __LINE__).ok())                                       \
    return connection_->Nonsense(method, EDGEOPT_CONCAT(answer_, __LINE__).error()); \
  lhs = std::move(EDGEOPT_CONCAT(answer_, __LINE__)).value()

class AgentSession : public runtimes::Session {
 public:
  explicit AgentSession(AgentClient& client) : client_(client) {}
  const std::vector<runtimes::TensorSpec>& inputs() const override {
    return client_.model().inputs;
  }
  const std::vector<runtimes::TensorSpec>& outputs() const override {
    return client_.model().outputs;
  }
  Result<std::vector<ir::Tensor>> Run(const std::vector<ir::Tensor>& inputs) override {
    const std::lock_guard lock(mutex_);
    return client_.Run(inputs);
  }
  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return Internal("an agent's session records no events; use ProfileOperators");
  }

 private:
  AgentClient& client_;
  std::mutex mutex_;
};

}  // namespace

AgentClient::AgentClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
AgentClient::~AgentClient() = default;

Result<std::unique_ptr<AgentClient>> AgentClient::Start(AgentOptions options) {
  EDGEOPT_TRY(auto opened, Connection::Open(std::move(options)));
  std::unique_ptr<AgentClient> client(new AgentClient(std::move(opened)));
  Connection* connection_ = client->connection_.get();
  const std::string& where = connection_->options().where;
  const auto result = connection_->Call(
      "hello", ToJson(HelloParams{kProtocolVersion, "edgeopt", connection_->exchange_folder()}));
  if (!result.ok())  // what ended it tells where by itself
    return client->usable() && !where.empty() ? result.error().Within(where) : result.error();
  EDGEOPT_TRY_ANSWER(client->hello_, "hello", AgentHelloFrom(*result));
  if (client->hello_.protocol != kProtocolVersion)
    return Unavailable(connection_->who() + " (edgeopt " + client->hello_.edgeopt +
                           ") speaks version " + std::to_string(client->hello_.protocol) +
                           " of the protocol, not " + std::to_string(kProtocolVersion),
                       "use the same edgeopt on both sides");
  return client;
}

const AgentHello& AgentClient::hello() const { return hello_; }
bool AgentClient::usable() const { return connection_->usable(); }
size_t AgentClient::max_tensor_bytes() const {
  if (connection_->options().shares_files) return std::numeric_limits<size_t>::max();
  return kMaxInlineBytes;
}
const LoadedModel& AgentClient::model() const { return model_; }
const RuntimeInfo& AgentClient::runtime() const { return runtime_; }
std::chrono::nanoseconds AgentClient::last_run_time() const { return last_run_time_; }

Status AgentClient::Load(const std::filesystem::path& path, const LoadOptions& options) {
  if (loaded_) EDGEOPT_CHECK_OK(Unload());
  LoadParams params;
  params.runtime = options.runtime;
  params.options = options.session;
  std::error_code error;
  const std::filesystem::path model = std::filesystem::absolute(path, error);
  if (connection_->options().shares_files) {
    params.path = model.string();
  } else {
    std::vector<std::filesystem::path> files = {model};
    for (const auto& file : options.external_data) files.push_back(model.parent_path() / file);
    for (const auto& file : files) {
      EDGEOPT_TRY(std::string sha256, Sha256File(file));
      EDGEOPT_CHECK_OK(Upload(file, sha256));
      params.files.push_back(
          {file.lexically_relative(model.parent_path()).string(), std::move(sha256)});
    }
  }
  EDGEOPT_TRY(const json result, connection_->Call("load", ToJson(params)));
  EDGEOPT_TRY_ANSWER(model_, "load", LoadedModelFrom(result));
  for (const RuntimeInfo& runtime : hello_.runtimes)
    if (runtime.name == params.runtime) runtime_ = runtime;
  threads_ = options.session.threads;
  loaded_ = true;
  has_inputs_ = false;
  return OkStatus();
}

Status AgentClient::Upload(const std::filesystem::path& file, const std::string& sha256) {
  EDGEOPT_TRY(const json answer, connection_->Call("has", HashesToJson("files", {sha256})));
  EDGEOPT_TRY_ANSWER(const auto missing, "has", HashesFrom("missing", answer));
  if (missing.empty()) return OkStatus();
  EDGEOPT_TRY(const Buffer content, Buffer::Map(file));
  const auto bytes = content.bytes();
  size_t offset = 0;
  do {
    const auto piece = bytes.subspan(offset, std::min(kMaxPieceBytes, bytes.size() - offset));
    const PutParams params{sha256, static_cast<int64_t>(bytes.size()), static_cast<int64_t>(offset),
                           std::vector<std::byte>(piece.begin(), piece.end())};
    EDGEOPT_TRY(const json received, connection_->Call("put", ToJson(params)));
    offset += piece.size();
  } while (offset < bytes.size());
  return OkStatus();
}

Result<std::vector<ir::Tensor>> AgentClient::Run(std::span<const ir::Tensor> inputs) {
  EDGEOPT_TRY(json array, connection_->Encode(inputs));
  EDGEOPT_TRY(const json result, connection_->Call("run", {{"inputs", std::move(array)}}));
  EDGEOPT_TRY_ANSWER(JsonObject fields, "run", JsonObject::Of(result, "run"));
  EDGEOPT_TRY_ANSWER(const json* outputs, "run", fields.Array("outputs"));
  EDGEOPT_TRY_ANSWER(const int64_t duration, "run", fields.Integer("duration_ns", 0, kMaxId));
  EDGEOPT_CHECK_OK(connection_->FetchOutputs(*outputs));
  EDGEOPT_TRY_ANSWER(auto tensors, "run", connection_->Decode(*outputs));
  last_run_time_ = std::chrono::nanoseconds(duration);
  return tensors;
}

Status AgentClient::SetInputs(const std::vector<std::vector<ir::Tensor>>& samples) {
  EDGEOPT_TRY(json array, connection_->EncodeSamples(samples));
  EDGEOPT_TRY(const json result, connection_->Call("inputs", {{"samples", std::move(array)}}));
  has_inputs_ = true;
  generated_inputs_ = false;
  return OkStatus();
}

Result<std::vector<ir::Tensor>> AgentClient::GenerateInputs() {
  const auto run = [this](const std::vector<ir::Tensor>& inputs) -> Status {
    EDGEOPT_TRY(const auto outputs, Run(inputs));
    return OkStatus();
  };
  EDGEOPT_TRY(auto sample, FittingInputs(model_.inputs, run));
  EDGEOPT_CHECK_OK(SetInputs({sample}));
  generated_inputs_ = true;
  return sample;
}

Status AgentClient::EnsureInputs() {
  if (has_inputs_) return OkStatus();
  EDGEOPT_TRY(const auto sample, GenerateInputs());
  return OkStatus();
}

Result<Timings> AgentClient::Time(const BenchPlan& plan, Sink* sink) {
  EDGEOPT_CHECK_OK(EnsureInputs());
  EDGEOPT_TRY(const json result, connection_->Call("bench", ToJson(plan), sink, "benchmark"));
  EDGEOPT_TRY_ANSWER(Timings timings, "bench", TimingsFrom(result));
  return timings;
}

BenchResult AgentClient::Describe(Timings timings) const {
  BenchResult result;
  result.latency = Summarize(timings.latencies_ns);
  result.remarks = Remarks(result.latency, timings);
  if (!model_.timed_as.empty()) result.remarks.push_back("the times are " + model_.timed_as);
  if (model_.dla) result.remarks.push_back(runtimes::Describe(*model_.dla));
  result.timings = std::move(timings);
  result.load_ms = static_cast<double>(model_.load_ns) * 1e-6;
  result.threads = threads_;
  result.generated_inputs = generated_inputs_;
  return result;
}

Result<BenchResult> AgentClient::Bench(const BenchPlan& plan, Sink* sink) {
  EDGEOPT_TRY(Timings timings, Time(plan, sink));
  return Describe(std::move(timings));
}

Result<Profile> AgentClient::ProfileOperators(int64_t runs, Sink* sink) {
  EDGEOPT_CHECK_OK(EnsureInputs());
  ProfileParams params;
  params.runs = runs;
  EDGEOPT_TRY(const json result, connection_->Call("profile", ToJson(params), sink, "profile"));
  EDGEOPT_TRY_ANSWER(ProfileAnswer answer, "profile", ProfileAnswerFrom(result));
  Profile profile = MakeProfile(std::move(answer.nodes), answer.runs);
  profile.int8_fallbacks = std::move(answer.int8_fallbacks);
  profile.int8_unknown = std::move(answer.int8_unknown);
  return profile;
}

Result<MemoryUsage> AgentClient::Memory() {
  EDGEOPT_TRY(const json result, connection_->Call("memory", json::object()));
  EDGEOPT_TRY_ANSWER(const MemoryUsage memory, "memory", MemoryUsageFrom(result));
  return memory;
}

Result<std::vector<BuiltFile>> AgentClient::BuiltFiles() {
  EDGEOPT_TRY(const json result, connection_->Call("built", json::object()));
  EDGEOPT_TRY_ANSWER(auto files, "built", BuiltFilesFrom(result));
  return files;
}

Result<json> AgentClient::Ask(const std::string& method, const json& params, Sink* sink,
                              const std::string& label) {
  return connection_->Call(method, params, sink, label);
}

Result<std::vector<ir::Tensor>> AgentClient::AskForTensors(const std::string& method,
                                                           std::span<const ir::Tensor> inputs,
                                                           json params, json& rest) {
  EDGEOPT_TRY(params["inputs"], connection_->Encode(inputs));
  EDGEOPT_TRY(rest, connection_->Call(method, std::move(params)));
  EDGEOPT_TRY_ANSWER(JsonObject fields, method, JsonObject::Of(rest, method));
  EDGEOPT_TRY_ANSWER(const json* array, method, fields.Array("tensors"));
  EDGEOPT_CHECK_OK(connection_->FetchOutputs(*array));
  EDGEOPT_TRY_ANSWER(auto tensors, method, connection_->Decode(*array));
  rest.erase("tensors");
  return tensors;
}

const std::string& AgentClient::error_output() const { return connection_->error_output(); }
std::filesystem::path AgentClient::error_log() const { return connection_->error_log(); }

Result<hardware::Board> AgentClient::Board() {
  EDGEOPT_TRY(const json result, connection_->Call("board", json::object()));
  EDGEOPT_TRY_ANSWER(hardware::Board board, "board", hardware::BoardFromJson(result));
  return board;
}

Result<ClockLock> AgentClient::LockClocks(const ClockLockParams& params) {
  EDGEOPT_TRY(const json result, connection_->Call("lock", ToJson(params)));
  EDGEOPT_TRY_ANSWER(ClockLock lock, "lock", ClockLockFrom(result));
  if (lock.report.ok && !params.keep) connection_->LetTidyUp();
  return lock;
}

Result<hardware::LockReport> AgentClient::UnlockClocks(bool sudo) {
  EDGEOPT_TRY(const json result, connection_->Call("unlock", {{"sudo", sudo}}));
  EDGEOPT_TRY_ANSWER(hardware::LockReport report, "unlock", hardware::LockReportFromJson(result));
  return report;
}

Status AgentClient::Watch(std::chrono::milliseconds interval) {
  const double seconds = static_cast<double>(interval.count()) / 1000;
  EDGEOPT_TRY(const json result, connection_->Call("watch", {{"interval_s", seconds}}));
  return OkStatus();
}

Result<std::vector<hardware::Sample>> AgentClient::Watched() {
  EDGEOPT_TRY(const json result, connection_->Call("watched", json::object()));
  EDGEOPT_TRY_ANSWER(JsonObject fields, "watched", JsonObject::Of(result, "watched"));
  EDGEOPT_TRY_ANSWER(const json* samples, "watched", fields.Array("samples"));
  EDGEOPT_TRY_ANSWER(auto telemetry, "watched", hardware::TelemetryFromJson(*samples));
  return telemetry;
}

Status AgentClient::Unload() {
  loaded_ = false;
  EDGEOPT_TRY(const json result, connection_->Call("unload", json::object()));
  return OkStatus();
}

Status AgentClient::Shutdown() {
  EDGEOPT_TRY(const json result, connection_->Call("shutdown", json::object()));
  return connection_->WaitForEnd();
}

std::unique_ptr<runtimes::Session> AsSession(AgentClient& client) {
  return std::make_unique<AgentSession>(client);
}

}  // namespace edgeopt::measure
