#include "runtimes/tensorrt/engine_cache.h"

#include <algorithm>
#include <set>

#include "base/buffer.h"
#include "base/file.h"
#include "runtimes/tensorrt/dla_placement.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

namespace fs = std::filesystem;

// On an Orin Nano large models take tens of minutes.
constexpr std::chrono::hours kBuildLimit(4);

std::string SymbolAt(const TensorSpec& spec, size_t axis) {
  return axis < spec.symbols.size() ? spec.symbols[axis] : std::string();
}

// Of the inputs with symbolic dimensions. The batch alone may be: a range of sizes on the other
// axes is the user's to know.
Result<std::map<std::string, ShapeRange>> RangesOf(const std::vector<TensorSpec>& inputs,
                                                   int64_t largest_batch) {
  std::set<std::string> batch;
  for (const TensorSpec& input : inputs)
    if (!input.dims.empty() && input.dims[0] < 0) batch.insert(SymbolAt(input, 0));
  batch.erase("");
  std::map<std::string, ShapeRange> ranges;
  for (const TensorSpec& input : inputs) {
    if (std::none_of(input.dims.begin(), input.dims.end(), [](int64_t dim) { return dim < 0; }))
      continue;
    ShapeRange range{input.dims, input.dims, input.dims};
    for (size_t axis = 0; axis < input.dims.size(); ++axis) {
      if (input.dims[axis] >= 0) continue;
      if (axis > 0 && !batch.contains(SymbolAt(input, axis)))
        return Unsupported("input '" + input.name + "' has the shape " + ir::ToString(input.dims) +
                               ": an engine is built for fixed sizes, the batch alone may vary",
                           "fix them: --shape NAME=SIZES");
      range.min[axis] = range.opt[axis] = 1;
      range.max[axis] = largest_batch;
    }
    ranges[input.name] = std::move(range);
  }
  return ranges;
}

Result<EngineKey> KeyOf(const Trtexec& trtexec, const Gpu& gpu, const TensorRtOptions& options) {
  const ModelFacts& facts = options.model;
  if (facts.sha256.empty()) return Internal("nobody read the ONNX file for TensorRT");
  EngineKey key{trtexec.version(), gpu, facts.sha256, {}};
  key.options.precisions = {Typing::kGraph, facts.float16, facts.int8};
  EDGEOPT_TRY(key.options.shapes, RangesOf(facts.inputs, LargestBatch(options)));
  key.options.workspace_mib = options.workspace_mib;
  key.options.dla_core = options.dla_core;
  return key;
}

bool IsThere(const EngineFiles& files, const EngineKey& key) {
  std::error_code error;
  if (fs::file_size(files.engine, error) == 0 || error) return false;
  const auto origin = ReadFile(files.origin);
  return origin.ok() && *origin == ToJson(key);
}

Status MoveTo(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return OkStatus();
  return CantWrite("can't keep '" + to.string() + "': " + error.message());
}

Status BuildInto(const Trtexec& trtexec, const EngineKey& key, const EngineRequest& request,
                 const EngineFiles& files) {
  EDGEOPT_TRY(const TemporaryFolder work, TemporaryFolder::Create(request.folder));
  BuildOptions build = key.options;
  build.trtexec = trtexec.path();
  build.onnx_path = request.onnx.string();
  build.engine_path = work.path() / "engine";
  build.timing_cache_path = work.path() / "timing";
  std::error_code error;
  // A copy: a build that is killed must not leave half a file to the next one.
  if (fs::exists(files.timing, error)) fs::copy_file(files.timing, work.path() / "timing", error);
  EDGEOPT_TRY(const auto command, BuildCommand(trtexec.version(), build));
  const auto log = trtexec.Run(command, request.go_on, kBuildLimit);
  if (!log.ok()) return log.error().Within("building the TensorRT engine");
  if (fs::file_size(build.engine_path, error) == 0 || error)
    return Unavailable("trtexec says that it built the engine, and there is none",
                       "look at free disk space on the device");
  if (fs::exists(build.timing_cache_path, error))
    EDGEOPT_CHECK_OK(MoveTo(build.timing_cache_path, files.timing));
  // Before the engine: one that is there has all that its build told.
  if (key.options.dla_core)
    EDGEOPT_CHECK_OK(
        WriteFile(files.placement, ToJson(PlacementInLog(*log, *key.options.dla_core))));
  EDGEOPT_CHECK_OK(MoveTo(build.engine_path, files.engine));
  return WriteFile(files.origin, ToJson(key));
}

EngineFiles FilesOf(const fs::path& engine, const fs::path& timing) {
  EngineFiles files{engine, engine, timing, engine};
  files.origin.replace_extension(".json");
  files.placement.replace_extension(".dla.json");
  return files;
}

std::optional<Version> VersionOf(const fs::path& engine) {
  constexpr uint64_t kHeaderBytes = 28;
  const auto bytes = Buffer::Map(engine, 0, kHeaderBytes);
  return bytes.ok() ? VersionInEngine(bytes->bytes()) : std::nullopt;
}

}  // namespace

int64_t LargestBatch(const TensorRtOptions& options) {
  return options.dla_core ? 1 : kLargestBatch;
}

Result<EngineFiles> FindOrBuild(const Trtexec& trtexec, const Gpu& gpu,
                                const EngineRequest& request) {
  std::error_code error;
  fs::create_directories(request.folder, error);
  if (error)
    return CantWrite("can't make the folder for engines '" + request.folder.string() +
                     "': " + error.message());
  EDGEOPT_TRY(const EngineKey key, KeyOf(trtexec, gpu, request.options));
  const EngineFiles files = FilesOf(request.folder / EngineFileName(key),
                                    request.folder / TimingCacheFileName(trtexec.version(), gpu));
  if (!IsThere(files, key)) EDGEOPT_CHECK_OK(BuildInto(trtexec, key, request, files));
  return files;
}

Result<EngineFiles> AcceptEngine(const Trtexec& trtexec, const Gpu& gpu, const fs::path& engine) {
  const EngineFiles files = FilesOf(engine, {});
  std::error_code error;
  if (fs::exists(files.origin, error)) {
    EDGEOPT_TRY(const std::string text, ReadFile(files.origin));
    EDGEOPT_TRY(const EngineOrigin origin, ParseOrigin(text));
    EDGEOPT_CHECK_OK(CheckOrigin(origin, trtexec.version(), gpu));
  } else if (const auto version = VersionOf(engine)) {
    EDGEOPT_CHECK_OK(CheckOrigin({*version, gpu, {}}, trtexec.version(), gpu));
  }
  return files;
}

}  // namespace edgeopt::runtimes::tensorrt
