#include "measure/agent_server.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "base/json_object.h"
#include "measure/agent/board_methods.h"
#include "measure/agent/built_files.h"
#include "measure/agent/exchange_file.h"
#include "measure/agent/file_store.h"
#include "measure/agent/incoming_bytes.h"
#include "measure/agent/line_channel.h"
#include "measure/agent/offered_files.h"
#include "measure/agent/tensor_codec.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

constexpr int64_t kProgressEveryNs = 1'000'000'000;
constexpr int64_t kHangUpEveryNs = 50'000'000;
constexpr int64_t kMaxSamples = 4096;
constexpr double kProfileWarmUpSeconds = 0.5;

struct Model {
  LoadParams params;
  std::filesystem::path path;
  std::optional<TemporaryFolder> folder;  // where the files of the store are laid out
  std::shared_ptr<runtimes::Runtime> runtime;
  std::unique_ptr<runtimes::Session> session;
  std::vector<std::vector<ir::Tensor>> samples;
  int64_t empty_bytes = 0;
};

class Agent {
 public:
  Agent(const AgentConfig& config, FileStore store, LineChannel& channel)
      : config_(config),
        store_(std::move(store)),
        channel_(channel),
        clock_(SteadyClock()),
        board_(config.board, config.journal_folder) {}

  // Until the end of input or a shutdown.
  void Serve() {
    std::string line;
    while (!shut_down_) {
      const LineChannel::Got got = channel_.Read(line);
      if (got == LineChannel::Got::kEnd) return;
      std::optional<int64_t> id;
      const Result<json> result = got == LineChannel::Got::kTooLong
                                      ? BadInput("the line is longer than 16 MiB")
                                      : Answer(line, id);
      std::string answer = result.ok() ? ResultLine(*id, *result) : RefusalLine(id, result.error());
      if (answer.size() > kMaxLineBytes)
        answer = RefusalLine(id, Unsupported("the answer does not fit into a line of 16 MiB",
                                             "use smaller batches"));
      if (!channel_.Write(answer)) return;
    }
  }

 private:
  using Method = Result<json> (Agent::*)(const json& params);

  Result<json> Answer(const std::string& line, std::optional<int64_t>& id) {
    static const std::map<std::string, Method> kMethods = {
        {"hello", &Agent::Hello},     {"has", &Agent::Has},           {"put", &Agent::Put},
        {"load", &Agent::Load},       {"run", &Agent::Run},           {"inputs", &Agent::Inputs},
        {"bench", &Agent::Bench},     {"profile", &Agent::Profile},   {"memory", &Agent::Memory},
        {"unload", &Agent::Unload},   {"shutdown", &Agent::ShutDown}, {"board", &Agent::Board},
        {"lock", &Agent::Lock},       {"unlock", &Agent::Unlock},     {"watch", &Agent::Watch},
        {"watched", &Agent::Watched}, {"stage", &Agent::Stage},       {"fetch", &Agent::Fetch},
        {"built", &Agent::Built}};
    EDGEOPT_TRY(const Request request, ParseRequest(line, id));
    const auto method = kMethods.find(request.method);
    if (method == kMethods.end())
      return Unsupported("no method '" + request.method + "' in version " +
                         std::to_string(kProtocolVersion) + " of the protocol");
    if (!greeted_ && request.method != "hello") return BadInput("the first request is not 'hello'");
    current_id_ = request.id;
    last_progress_ = clock_();
    return (this->*method->second)(request.params);
  }

  Result<json> Hello(const json& value) {
    EDGEOPT_TRY(const HelloParams params, HelloParamsFrom(value));
    if (params.protocol != kProtocolVersion)
      return Unavailable("this agent (edgeopt " + config_.version + ") speaks version " +
                             std::to_string(kProtocolVersion) + " of the protocol, not " +
                             std::to_string(params.protocol),
                         "use the same edgeopt on both sides");
    exchange_ = params.exchange;
    outputs_.reset();
    AgentHello hello;
    hello.protocol = kProtocolVersion;
    hello.edgeopt = config_.version;
    hello.pid = ::getpid();
    hello.machine = ReadMachine(config_.machine_root);
    for (const AgentConfig::Source& source : config_.runtimes) {
      RuntimeInfo info{source.name, {}, {}};
      const auto runtime = Open(source);
      info.missing = runtime.ok() ? (*runtime)->missing() : runtime.error().ToString();
      if (info.missing.empty()) info.version = (*runtime)->version();
      hello.runtimes.push_back(std::move(info));
    }
    greeted_ = true;
    return ToJson(hello);
  }

  Result<json> Has(const json& value) {
    EDGEOPT_TRY(const auto hashes, HashesFrom("files", value));
    return HashesToJson("missing", store_.Missing(hashes));
  }

  Result<json> Put(const json& value) {
    EDGEOPT_TRY(const PutParams piece, PutParamsFrom(value));
    EDGEOPT_TRY(const bool complete, store_.Put(piece));
    return json{{"received", piece.offset + static_cast<int64_t>(piece.data.size())},
                {"complete", complete}};
  }

  Result<json> Stage(const json& value) {
    EDGEOPT_TRY(const StageParams piece, StageParamsFrom(value));
    EDGEOPT_TRY(const bool complete, staged_.Take(static_cast<uint64_t>(piece.size_bytes),
                                                  static_cast<uint64_t>(piece.offset), piece.data));
    return json{{"received", piece.offset + static_cast<int64_t>(piece.data.size())},
                {"complete", complete}};
  }

  Result<json> Fetch(const json& value) {
    EDGEOPT_TRY(const FetchParams params, FetchParamsFrom(value));
    EDGEOPT_TRY(const FetchedPiece piece, offered_.Fetch(params));
    return ToJson(piece);
  }

  Result<json> Load(const json& value) {
    if (model_) return BadInput("a model is loaded already", "unload it first");
    Model model;
    EDGEOPT_TRY(model.params, LoadParamsFrom(value));
    model.path = model.params.path;
    if (!model.params.files.empty()) {
      EDGEOPT_TRY(model.folder, store_.LayOut(model.params.files));
      model.path = model.folder->path() / model.params.files.front().name;
    }
    EDGEOPT_TRY(model.runtime, FindRuntime(model.params.runtime));
    model.params.options.go_on = [this] {
      ReportProgress(0, 1);
      return !HungUp();
    };
    // What was freed until now must not serve the model unseen.
    ::malloc_trim(0);
    ResetPeak();
    EDGEOPT_TRY(const ProcessMemory empty, ReadProcessMemory());
    model.empty_bytes = empty.resident_bytes;
    const int64_t start = clock_();
    EDGEOPT_TRY(model.session, model.runtime->Load(model.path, model.params.options));
    runtimes::SelfTimed* const self_timed = model.session->self_timed();
    const LoadedModel loaded{model.session->inputs(),
                             model.session->outputs(),
                             clock_() - start,
                             model.session->executes_by(),
                             model.session->executes_because(),
                             self_timed == nullptr ? std::string() : self_timed->timed_as(),
                             model.session->dla_placement()};
    model_ = std::move(model);
    return ToJson(loaded);
  }

  Result<json> Run(const json& value) {
    EDGEOPT_TRY(Model * model, Loaded());
    EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "run"));
    EDGEOPT_TRY(const json* array, fields.Array("inputs"));
    EDGEOPT_CHECK_OK(fields.Finish());
    offered_.Withdraw(kOutputsFile);
    EDGEOPT_TRY(const auto inputs, DecodeTensors(*array, MappedInputs(std::exchange(staged_, {}))));
    const int64_t start = clock_();
    EDGEOPT_TRY(const auto outputs, model->session->Run(inputs));
    const int64_t duration = clock_() - start;
    EDGEOPT_TRY(json encoded, EncodeOutputs(outputs));
    return json{{"outputs", std::move(encoded)}, {"duration_ns", duration}};
  }

  Result<json> Inputs(const json& value) {
    EDGEOPT_TRY(Model * model, Loaded());
    EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "inputs"));
    EDGEOPT_TRY(const json* array, fields.Array("samples"));
    EDGEOPT_CHECK_OK(fields.Finish());
    if (array->empty() || array->size() > kMaxSamples)
      return BadInput("inputs: 'samples' holds not 1 to " + std::to_string(kMaxSamples));
    std::vector<std::vector<ir::Tensor>> samples;
    const ReadRange read = CopiedInputs(std::exchange(staged_, {}));
    for (const json& sample : *array) {
      EDGEOPT_TRY(auto tensors, DecodeTensors(sample, read));
      samples.push_back(std::move(tensors));
    }
    model->samples = std::move(samples);
    return json{{"count", model->samples.size()}};
  }

  Result<json> Bench(const json& value) {
    EDGEOPT_TRY(const BenchPlan plan, BenchPlanFrom(value));
    EDGEOPT_TRY(Model * model, LoadedWithSamples());
    BenchControl control;
    control.stop = [this] { return HungUp(); };
    control.progress = [this](int64_t done, int64_t total) { ReportProgress(done, total); };
    if (runtimes::SelfTimed* self_timed = model->session->self_timed()) {
      EDGEOPT_TRY(const Timings timings,
                  TimeSelfTimed(plan, *self_timed, model->samples.front(), control));
      return ToJson(timings);
    }
    EDGEOPT_TRY(const Timings timings,
                TimeRuns(plan, RunSamples(*model, *model->session), clock_, control));
    return ToJson(timings);
  }

  Result<json> Profile(const json& value) {
    EDGEOPT_TRY(const ProfileParams params, ProfileParamsFrom(value));
    EDGEOPT_TRY(Model * model, LoadedWithSamples());
    if (runtimes::SelfTimed* self_timed = model->session->self_timed())
      return ProfileSelfTimed(*self_timed, model->samples.front(), params);
    runtimes::SessionOptions options = model->params.options;
    options.profile = true;
    EDGEOPT_TRY(const auto session, model->runtime->Load(model->path, options));
    const auto run = RunSamples(*model, *session);
    const int64_t total = params.warm_up_runs + params.runs;
    for (int64_t i = 0; i < total; ++i) {
      if (HungUp()) return Interrupted();
      EDGEOPT_CHECK_OK(run(i));
      ReportProgress(i, total);
    }
    EDGEOPT_TRY(auto runs, session->EndProfile());
    const auto warm_up = std::min<int64_t>(params.warm_up_runs, static_cast<int64_t>(runs.size()));
    runs.erase(runs.begin(), runs.begin() + warm_up);
    if (runs.empty()) return Unavailable("the runtime's profiler recorded no run");
    return ToJson(ProfileAnswer{static_cast<int64_t>(runs.size()), MeanOfRuns(runs), {}, {}});
  }

  static Result<json> ProfileSelfTimed(runtimes::SelfTimed& model,
                                       const std::vector<ir::Tensor>& sample,
                                       const ProfileParams& params) {
    EDGEOPT_TRY(auto profile, model.Profile(sample, {kProfileWarmUpSeconds, params.runs, 0}));
    return ToJson(ProfileAnswer{profile.runs, MeanOfRuns({std::move(profile.layers)}),
                                std::move(profile.int8_fallbacks),
                                std::move(profile.int8_unknown)});
  }

  Result<json> Built(const json& value) {
    EDGEOPT_CHECK_OK(NoParams(value, "built"));
    EDGEOPT_TRY(const Model* model, Loaded());
    EDGEOPT_TRY(const auto files, OfferBuilt(model->session->built_files(), offered_));
    return ToJson(files);
  }

  Result<json> Memory(const json& value) {
    EDGEOPT_CHECK_OK(NoParams(value, "memory"));
    EDGEOPT_TRY(const Model* model, Loaded());
    EDGEOPT_TRY(const ProcessMemory now, ReadProcessMemory());
    return ToJson(MemoryUsage{now.peak_bytes, model->empty_bytes, now.resident_bytes});
  }

  Result<json> Unload(const json& value) {
    EDGEOPT_CHECK_OK(NoParams(value, "unload"));
    EDGEOPT_TRY(const Model* model, Loaded());
    (void)model;
    model_.reset();
    staged_ = {};
    offered_.Withdraw(kOutputsFile);
    return json::object();
  }

  Result<json> Board(const json& value) { return board_.Board(value); }
  Result<json> Lock(const json& value) { return board_.Lock(value); }
  Result<json> Unlock(const json& value) { return board_.Unlock(value); }
  Result<json> Watch(const json& value) { return board_.Watch(value); }
  Result<json> Watched(const json& value) { return board_.Watched(value); }

  Result<json> ShutDown(const json& value) {
    EDGEOPT_CHECK_OK(NoParams(value, "shutdown"));
    shut_down_ = true;
    return json::object();
  }

  static Status NoParams(const json& value, const char* method) {
    EDGEOPT_TRY(const JsonObject fields, JsonObject::Of(value, method));
    return fields.Finish();
  }

  Result<std::shared_ptr<runtimes::Runtime>> Open(const AgentConfig::Source& source) {
    auto& opened = opened_[source.name];
    if (opened == nullptr) {
      EDGEOPT_TRY(opened, source.open());
    }
    return opened;
  }

  Result<std::shared_ptr<runtimes::Runtime>> FindRuntime(const std::string& name) {
    for (const AgentConfig::Source& source : config_.runtimes)
      if (source.name == name) return Open(source);
    return Unsupported("the agent has no runtime '" + name + "'");
  }

  Result<Model*> Loaded() {
    if (!model_) return BadInput("no model is loaded", "load one first");
    return &*model_;
  }

  Result<Model*> LoadedWithSamples() {
    EDGEOPT_TRY(Model * model, Loaded());
    if (model->samples.empty()) return BadInput("the model has no inputs", "send 'inputs' first");
    return model;
  }

  static std::function<Status(int64_t)> RunSamples(const Model& model, runtimes::Session& session) {
    return [&model, &session](int64_t i) -> Status {
      const auto& sample = model.samples[static_cast<size_t>(i) % model.samples.size()];
      EDGEOPT_TRY(const auto outputs, session.Run(sample));
      return OkStatus();
    };
  }

  // The client's tensors where they are, until the answer.
  ReadRange MappedInputs(IncomingBytes staged) const {
    if (exchange_.empty()) return StagedInputs(std::move(staged));
    return [this](uint64_t offset, uint64_t size) {
      return Buffer::Map(exchange_ / kInputsFile, offset, size);
    };
  }

  ReadRange CopiedInputs(IncomingBytes staged) const {
    if (exchange_.empty()) return StagedInputs(std::move(staged));
    return [this](uint64_t offset, uint64_t size) -> Result<Buffer> {
      EDGEOPT_TRY(const ExchangeFile file, ExchangeFile::Open(exchange_ / kInputsFile));
      return file.Read(offset, size);
    };
  }

  static ReadRange StagedInputs(IncomingBytes staged) {
    return [staged = std::move(staged)](uint64_t offset, uint64_t size) {
      return staged.Read(offset, size);
    };
  }

  // To a client that shares no files: in the line, or for it to fetch.
  Result<json> OutputsOverThePipe(const std::vector<ir::Tensor>& tensors) {
    const uint64_t bytes = ElementBytes(tensors);
    if (bytes <= kMaxInlineBytes) return EncodeTensors(tensors, nullptr);
    if (bytes > static_cast<uint64_t>(kMaxTransferBytes))
      return Unsupported("the outputs are " + std::to_string(bytes) + " bytes, more than " +
                             std::to_string(kMaxTransferBytes) + " that can be fetched",
                         "use smaller batches");
    Payload payload;
    json encoded = EncodeTensors(tensors, &payload);
    offered_.Offer(kOutputsFile, std::move(payload));
    return encoded;
  }

  Result<json> EncodeOutputs(const std::vector<ir::Tensor>& tensors) {
    if (exchange_.empty()) return OutputsOverThePipe(tensors);
    if (!outputs_) {
      EDGEOPT_TRY(ExchangeFile file, ExchangeFile::Create(exchange_ / kOutputsFile));
      outputs_.emplace(std::move(file));
    }
    Payload payload;
    json encoded = EncodeTensors(tensors, &payload);
    EDGEOPT_CHECK_OK(outputs_->Write(payload));
    return encoded;
  }

  bool HungUp() {
    const int64_t now = clock_();
    if (now - last_hang_up_check_ < kHangUpEveryNs) return false;
    last_hang_up_check_ = now;
    return channel_.HungUp();
  }

  void ReportProgress(int64_t done, int64_t total) {
    const int64_t now = clock_();
    if (now - last_progress_ < kProgressEveryNs) return;
    last_progress_ = now;
    channel_.Write(ProgressLine(current_id_, done, std::max(done, total)));
  }

  const AgentConfig& config_;
  FileStore store_;
  LineChannel& channel_;
  const Clock clock_;
  BoardMethods board_;
  bool greeted_ = false, shut_down_ = false;
  int64_t current_id_ = 0, last_hang_up_check_ = 0, last_progress_ = 0;
  std::filesystem::path exchange_;
  std::optional<ExchangeFile> outputs_;
  IncomingBytes staged_;  // the inputs of the next request
  OfferedFiles offered_;
  std::map<std::string, std::shared_ptr<runtimes::Runtime>> opened_;
  std::optional<Model> model_;
};

}  // namespace

Status ServeAgent(const AgentConfig& config, int in_fd, int out_fd) {
  EDGEOPT_TRY(FileStore store, FileStore::Open(config.store));
  LineChannel channel(in_fd, out_fd, kMaxLineBytes);
  Agent(config, std::move(store), channel).Serve();
  return OkStatus();
}

Status RunAgentProcess(const AgentConfig& config) {
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  const int out_fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (out_fd < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    return Unavailable(std::string("no standard output or error: ") + std::strerror(errno));
  Status status = ServeAgent(config, STDIN_FILENO, out_fd);
  ::close(out_fd);
  return status;
}

}  // namespace edgeopt::measure
