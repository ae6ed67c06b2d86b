// The messages of the agent protocol as types (docs/agent-protocol.md). Both sides read
// what the other writes as untrusted input: every reader here answers BadInput for what does not
// follow the document. Internal to measure/.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "measure/agent_types.h"
#include "measure/benchmark.h"
#include "measure/memory.h"
#include "measure/profile.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

inline constexpr int64_t kProtocolVersion = 2;
inline constexpr size_t kMaxLineBytes = 16 << 20;
inline constexpr size_t kMaxPieceBytes = 1 << 20;
// Of tensors that travel in a line; names, types and dimensions get the rest of it.
inline constexpr size_t kMaxInlineBytes = (kMaxLineBytes - (1 << 20)) / 4 * 3;
// Of tensors that are staged or fetched: both sides hold them in memory.
inline constexpr int64_t kMaxTransferBytes = int64_t{1} << 30;
inline constexpr int64_t kMaxFileBytes = int64_t{1} << 50;
inline constexpr int64_t kMaxId = (int64_t{1} << 53) - 1;
inline constexpr int64_t kMaxBenchRuns = 1'000'000;  // so that the latencies fit into one line

// --- envelopes ---

struct Request {
  int64_t id = 0;
  std::string method;
  nlohmann::json params;  // an object
};
std::string RequestLine(const Request& request);
// `id` receives the request's id as soon as it is known, for the refusal of a bad request.
Result<Request> ParseRequest(std::string_view line, std::optional<int64_t>& id);

struct Answer {
  int64_t id = 0;
  // Exactly one of them.
  std::optional<nlohmann::json> result;
  std::optional<Error> error;
  struct Progress {
    int64_t done = 0, total = 0;
  };
  std::optional<Progress> progress;
};
std::string ResultLine(int64_t id, nlohmann::json result);
std::string RefusalLine(std::optional<int64_t> id, const Error& error);
std::string ProgressLine(int64_t id, int64_t done, int64_t total);
Result<Answer> ParseAnswer(std::string_view line);

// --- hello ---

struct HelloParams {
  int64_t protocol = kProtocolVersion;
  std::string client;
  std::string exchange;  // empty: none
};
nlohmann::json ToJson(const HelloParams& params);
Result<HelloParams> HelloParamsFrom(const nlohmann::json& json);
nlohmann::json ToJson(const AgentHello& hello);
Result<AgentHello> AgentHelloFrom(const nlohmann::json& json);

// --- files ---

bool IsSha256(std::string_view text);
struct PutParams {
  std::string sha256;
  int64_t size_bytes = 0, offset = 0;
  std::vector<std::byte> data;
};
nlohmann::json ToJson(const PutParams& params);
Result<PutParams> PutParamsFrom(const nlohmann::json& json);
// An array of SHA-256 under the one field `name`: the params and the result of `has`.
nlohmann::json HashesToJson(const char* name, const std::vector<std::string>& hashes);
Result<std::vector<std::string>> HashesFrom(const char* name, const nlohmann::json& json);

// The next piece of the inputs' elements.
struct StageParams {
  int64_t size_bytes = 0, offset = 0;
  std::vector<std::byte> data;
};
nlohmann::json ToJson(const StageParams& params);
Result<StageParams> StageParamsFrom(const nlohmann::json& json);

struct FetchParams {
  std::string file;  // the name under which the agent offers it
  int64_t offset = 0;
};
nlohmann::json ToJson(const FetchParams& params);
Result<FetchParams> FetchParamsFrom(const nlohmann::json& json);
struct FetchedPiece {
  std::vector<std::byte> data;
  int64_t size_bytes = 0;  // of the whole
  std::string sha256;      // of the whole
};
nlohmann::json ToJson(const FetchedPiece& piece);
Result<FetchedPiece> FetchedPieceFrom(const nlohmann::json& json);

// --- load ---

struct StoredFile {
  std::string name, sha256;
};
struct LoadParams {
  std::string path;               // of the agent's machine; or
  std::vector<StoredFile> files;  // of its store, the model first
  std::string runtime = "onnxruntime";
  runtimes::SessionOptions options;  // threads, optimization, spin, arena
};
nlohmann::json ToJson(const LoadParams& params);
Result<LoadParams> LoadParamsFrom(const nlohmann::json& json);
nlohmann::json ToJson(const LoadedModel& loaded);
// The most that a number of a DLA core may be.
inline constexpr int64_t kMaxDlaCore = 15;
// Its member "dla".
nlohmann::json ToJson(const runtimes::DlaPlacement& placement);
Result<runtimes::DlaPlacement> DlaPlacementFrom(const nlohmann::json& value);
Result<LoadedModel> LoadedModelFrom(const nlohmann::json& json);

// --- built ---

nlohmann::json ToJson(const std::vector<BuiltFile>& files);
Result<std::vector<BuiltFile>> BuiltFilesFrom(const nlohmann::json& json);

// --- bench, profile, memory ---

nlohmann::json ToJson(const BenchPlan& plan);
Result<BenchPlan> BenchPlanFrom(const nlohmann::json& json);
nlohmann::json ToJson(const Timings& timings);
Result<Timings> TimingsFrom(const nlohmann::json& json);

struct ProfileParams {
  int64_t runs = 20, warm_up_runs = 5;
};
struct ProfileAnswer {
  int64_t runs = 0;
  std::vector<NodeProfile> nodes;  // shares and kinds are not sent
  std::vector<runtimes::Int8Fallback> int8_fallbacks;
  std::vector<std::string> int8_unknown;
};
nlohmann::json ToJson(const ProfileParams& params);
Result<ProfileParams> ProfileParamsFrom(const nlohmann::json& json);
nlohmann::json ToJson(const ProfileAnswer& answer);
Result<ProfileAnswer> ProfileAnswerFrom(const nlohmann::json& json);

// --- lock ---

nlohmann::json ToJson(const ClockLockParams& params);
Result<ClockLockParams> ClockLockParamsFrom(const nlohmann::json& json);
nlohmann::json ToJson(const ClockLock& lock);
Result<ClockLock> ClockLockFrom(const nlohmann::json& json);

nlohmann::json ToJson(const MemoryUsage& memory);
Result<MemoryUsage> MemoryUsageFrom(const nlohmann::json& json);

}  // namespace edgeopt::measure
