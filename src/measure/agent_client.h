// The client's side of an agent: a model that runs in a process of its own, here or elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "base/subprocess.h"
#include "hardware/board.h"
#include "hardware/telemetry.h"
#include "measure/agent_types.h"
#include "measure/benchmark.h"
#include "measure/memory.h"
#include "measure/profile.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct AgentOptions {
  std::vector<std::string> argv;         // {"/usr/bin/edgeopt", "agent", ...}
  std::vector<std::string> environment;  // "NAME=value", added to the inherited environment
  std::string who = "the agent";         // for messages
  std::string where;                     // "on 'pi@board'", for messages; empty: on this machine
  // The agent opens the same files by the same paths. Otherwise models are sent once and kept by
  // hash, and tensors go through the pipe.
  bool shares_files = true;
  // The longest time without an answer or a sign of progress; then the agent is ended.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
  const CancelToken* cancel = nullptr;  // looked at while waiting; must outlive the client
  // Keeps its standard error (base/tail_file.h), and messages name it; empty: only the last 64 KiB
  // are kept, in memory.
  std::filesystem::path error_log;
  // Where the command is not the agent but what reaches it (ssh): tells why it ended, from its exit
  // status and the tail of its standard error. nullopt: what an agent's own end would say.
  std::function<std::optional<Error>(const ExitStatus& status, const std::string& error_output)>
      explain_end;
  // What to do when it crashed, went silent or talked nonsense, where nothing better is known.
  std::string end_hint =
      "the runtime may not stand this model; try another variant or fewer threads";
};

struct LoadOptions {
  std::string runtime = "onnxruntime";  // "litert", "tensorrt"
  // Threads, optimization, spin, arena, kernels, tensorrt.
  runtimes::SessionOptions session;
  // Files of external data, below the model's folder: for agents that don't share files.
  std::vector<std::filesystem::path> external_data;
};

struct BenchResult {
  LatencySummary latency;
  Timings timings;
  double load_ms = 0;
  int threads = 0;
  bool generated_inputs = false;  // random numbers, not the user's data
  std::vector<std::string> remarks;
};

// One agent, one model at a time. Used by one thread at a time. When the agent crashes, goes silent
// or talks nonsense, the call returns Unavailable with how it ended and the tail of its standard
// error, the process is gone, and every later call returns Unavailable. Errors that the agent
// answers (BadInput for a model, say) leave it usable. Destroying the client ends the agent.
class AgentClient {
 public:
  // Starts the process and exchanges hellos. Unavailable when it can't be started or speaks another
  // version.
  static Result<std::unique_ptr<AgentClient>> Start(AgentOptions options);
  ~AgentClient();
  AgentClient(const AgentClient&) = delete;
  AgentClient& operator=(const AgentClient&) = delete;

  const AgentHello& hello() const;
  // The agent has not ended yet, as far as is known.
  bool usable() const;
  // The most bytes of tensors that go with a request at once: a line's worth, unless files are
  // shared. More, up to 1 GiB, goes ahead in pieces, which takes its time: of a data set only as
  // many samples as fit are worth it.
  size_t max_tensor_bytes() const;

  // Unloads what was loaded before.
  Status Load(const std::filesystem::path& model, const LoadOptions& options = {});
  // Of the loaded model; requires a successful Load.
  const LoadedModel& model() const;
  // That it runs in, as the agent knows it.
  const RuntimeInfo& runtime() const;

  // All outputs in declared order. The tensors own their memory.
  Result<std::vector<ir::Tensor>> Run(std::span<const ir::Tensor> inputs);
  // The runtime's part of the last Run.
  std::chrono::nanoseconds last_run_time() const;

  // The samples that Bench and Profile take in turns, 1 to 4096 of them.
  Status SetInputs(const std::vector<std::vector<ir::Tensor>>& samples);
  // One generated sample, of sizes that the model runs with (measure/fitting_inputs.h); Bench and
  // Profile do this by themselves when no inputs were set. Returns what it made.
  Result<std::vector<ir::Tensor>> GenerateInputs();

  Result<BenchResult> Bench(const BenchPlan& plan = {}, Sink* sink = nullptr);
  // The latencies alone: for benchmarks in turns (measure/interleaved.h).
  Result<Timings> Time(const BenchPlan& plan, Sink* sink = nullptr);
  // Around Timings of the loaded model what Bench tells.
  BenchResult Describe(Timings timings) const;
  Result<Profile> ProfileOperators(int64_t runs = 20, Sink* sink = nullptr);
  // Of the agent's process since Load began. Ask before ProfileOperators, which loads twice.
  Result<MemoryUsage> Memory();

  // What the agent made to run the loaded model: of TensorRT the engine ("….engine"), what it was
  // built with ("….json") and the timings of kernels ("….timing"). Empty for the other runtimes.
  // FetchFile brings one of them here.
  Result<std::vector<BuiltFile>> BuiltFiles();

  // Copies what the agent offers under `name` (docs/agent-protocol.md, `fetch`) piece by piece into
  // the file `destination`, which appears only whole, its SHA-256 checked.
  Status FetchFile(const std::string& name, const std::filesystem::path& destination,
                   Sink* sink = nullptr);

  // A method that only some agents have (docs/agent-protocol.md: the workers of frameworks): the
  // result as it came, for the caller to check. `sink` may be null; `label` names the progress.
  Result<nlohmann::json> Ask(const std::string& method, const nlohmann::json& params,
                             Sink* sink = nullptr, const std::string& label = {});
  // The same for a method that takes tensors as `inputs` and answers with some as `tensors`. The
  // rest of the result goes to `rest`.
  Result<std::vector<ir::Tensor>> AskForTensors(const std::string& method,
                                                std::span<const ir::Tensor> inputs,
                                                nlohmann::json params, nlohmann::json& rest);
  // What the agent wrote to its standard error until now (the last 64 KiB), for a log.
  const std::string& error_output() const;
  // The file that keeps it, AgentOptions::error_log or one beside it; empty while there is none.
  std::filesystem::path error_log() const;

  // --- the board that the agent runs on ---

  Result<hardware::Board> Board();
  // Locks its clocks; the report says what stands in the way where it can't. They are set back when
  // the agent ends, unless they are to be kept, or were locked before.
  Result<ClockLock> LockClocks(const ClockLockParams& params);
  // Sets back what any agent locked there.
  Result<hardware::LockReport> UnlockClocks(bool sudo);
  // Begins to sample its sensors, beside whatever else the agent does.
  Status Watch(std::chrono::milliseconds interval = std::chrono::seconds(1));
  // Ends that; what was sampled.
  Result<std::vector<hardware::Sample>> Watched();

  Status Unload();
  // Ends the agent in good order: its exit code is checked.
  Status Shutdown();

 private:
  class Connection;
  explicit AgentClient(std::unique_ptr<Connection> connection);
  Status Upload(const std::filesystem::path& file, const std::string& sha256);
  Status EnsureInputs();

  std::unique_ptr<Connection> connection_;
  AgentHello hello_;
  LoadedModel model_;
  RuntimeInfo runtime_;
  bool loaded_ = false, has_inputs_ = false, generated_inputs_ = false;
  int threads_ = 0;
  std::chrono::nanoseconds last_run_time_{0};
};

// The agent's model as a session, for code that runs either. The client must outlive it and keep
// the model loaded; calls from several threads take turns. Has no EndProfile.
std::unique_ptr<runtimes::Session> AsSession(AgentClient& client);

}  // namespace edgeopt::measure
