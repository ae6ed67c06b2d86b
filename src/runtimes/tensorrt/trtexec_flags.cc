#include "runtimes/tensorrt/trtexec_flags.h"

#include <algorithm>

namespace edgeopt::runtimes::tensorrt {
namespace {

using Arguments = std::vector<std::string>;

// The releases at which a command line changes.
constexpr Version kStronglyTyped{9, 1, 0};  // --stronglyTyped
constexpr Version kDlaGoes{10, 8, 0};       // from here on no DLA ...
constexpr Version kDlaReturns{11, 4, 1};    // ... until here (Jetson AGX Orin, JetPack 7.2.2)
constexpr Version kNewDefaults{11, 0, 0};   // no precision options; other defaults of a run

// trtexec splits lists at ',' before it looks at quotes, and takes '*' in a shape's name as a
// wildcard; in quotes a name may hold ':'.
Result<std::string> QuotedName(const std::string& name) {
  if (name.empty() || name.find_first_of(",'*") != std::string::npos)
    return UsageError("trtexec can't be told of an input named '" + name + "'",
                      "rename the input: no comma, quote or asterisk");
  return "'" + name + "'";
}

Result<std::string> Dimensions(const std::string& name, const ir::Dims& dims) {
  std::string text;
  for (const int64_t dim : dims) {
    if (dim < 0 || dim > INT32_MAX)
      return UsageError("input '" + name + "' can't have the shape " + ir::ToString(dims));
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  }
  return dims.empty() ? std::string("scalar") : text;
}

// "--shapes='a':1x3x8x8,'b':1x4".
Status AddShapes(Arguments& arguments, const char* option,
                 const std::map<std::string, ir::Dims>& shapes) {
  std::string list;
  for (const auto& [name, dims] : shapes) {
    EDGEOPT_TRY(const std::string quoted, QuotedName(name));
    EDGEOPT_TRY(const std::string text, Dimensions(name, dims));
    list += (list.empty() ? "" : ",") + quoted + ":" + text;
  }
  if (!list.empty()) arguments.push_back(std::string(option) + "=" + list);
  return OkStatus();
}

void AddFile(Arguments& arguments, const char* option, const std::string& path) {
  if (!path.empty()) arguments.push_back(std::string(option) + "=" + path);
}

Status CheckRanges(const std::map<std::string, ShapeRange>& shapes) {
  for (const auto& [name, range] : shapes) {
    bool ordered = range.min.size() == range.opt.size() && range.opt.size() == range.max.size();
    for (size_t i = 0; ordered && i < range.min.size(); ++i)
      ordered = range.min[i] <= range.opt[i] && range.opt[i] <= range.max[i];
    if (!ordered)
      return UsageError("the shapes of input '" + name +
                        "' must be in the order min, opt, max: " + ir::ToString(range.min) + ", " +
                        ir::ToString(range.opt) + ", " + ir::ToString(range.max));
  }
  return OkStatus();
}

Status AddRanges(Arguments& arguments, const std::map<std::string, ShapeRange>& shapes) {
  EDGEOPT_CHECK_OK(CheckRanges(shapes));
  std::map<std::string, ir::Dims> min, opt, max;
  for (const auto& [name, range] : shapes) {
    min[name] = range.min;
    opt[name] = range.opt;
    max[name] = range.max;
  }
  EDGEOPT_CHECK_OK(AddShapes(arguments, "--minShapes", min));
  EDGEOPT_CHECK_OK(AddShapes(arguments, "--optShapes", opt));
  return AddShapes(arguments, "--maxShapes", max);
}

Status AddPrecisions(Arguments& arguments, const Version& version, const BuildOptions& options) {
  const Precisions& precisions = options.precisions;
  if (version >= kNewDefaults) {
    if (precisions.typing == Typing::kBuilder)
      return Unsupported("TensorRT " + version.ToString() +
                             " takes the types from the graph; it has no options for precisions",
                         "put float16 and Q/DQ into the ONNX file: edgeopt quantize --precision "
                         "fp16 or int8");
    return OkStatus();
  }
  // DLA of 8.x and 10.x takes its precision from these options alone.
  const bool from_graph =
      precisions.typing == Typing::kGraph && version >= kStronglyTyped && !options.dla_core;
  if (from_graph) {
    arguments.push_back("--stronglyTyped");
    return OkStatus();
  }
  if (precisions.float16) arguments.push_back("--fp16");
  if (precisions.int8) arguments.push_back("--int8");
  return OkStatus();
}

Status CheckDla(const Version& version, const BuildOptions& options) {
  if (!options.dla_core) return OkStatus();
  if (*options.dla_core < 0)
    return UsageError("DLA core " + std::to_string(*options.dla_core) + " does not exist",
                      "a Jetson Orin NX or AGX has the cores 0 and 1");
  return CheckDlaTakes(version, options.precisions);
}

void AddRunMode(Arguments& arguments, const Version& version, const RunOptions& options) {
  // 11.0 turned three defaults round and made a profile a run of its own.
  if (version >= kNewDefaults) {
    if (options.transfers) arguments.push_back("--includeDataTransfers");
    if (!options.spin_wait) arguments.push_back("--noSpinWait");
    if (!options.cuda_graph) arguments.push_back("--noCudaGraph");
    return;
  }
  if (!options.transfers) arguments.push_back("--noDataTransfers");
  if (options.spin_wait) arguments.push_back("--useSpinWait");
  if (options.cuda_graph) arguments.push_back("--useCudaGraph");
  if (!options.profile_path.empty()) arguments.push_back("--separateProfileRun");
}

Status AddInputs(Arguments& arguments, const std::map<std::string, std::string>& inputs) {
  std::string list;
  for (const auto& [name, path] : inputs) {
    EDGEOPT_TRY(const std::string quoted, QuotedName(name));
    if (path.empty() || path.find_first_of(",'") != std::string::npos)
      return UsageError("trtexec can't be told of the input file '" + path + "'",
                        "use a path without comma and quote");
    list += (list.empty() ? "" : ",") + quoted + ":" + path;
  }
  if (!list.empty()) arguments.push_back("--loadInputs=" + list);
  return OkStatus();
}

Status CheckRun(const Version& version, const RunOptions& options) {
  if (options.engine_path.empty()) return UsageError("no engine to run");
  if (options.warm_up_ms < 0 || options.duration_s < 0 || options.iterations < 1)
    return UsageError("warm-up and duration can't be negative, and one iteration is the least");
  if (options.cuda_graph && options.dla_core)
    return Unsupported("TensorRT can't use a CUDA graph together with DLA");
  if (options.dla_core && version >= kDlaGoes && version < kDlaReturns)
    return Unsupported("TensorRT " + version.ToString() + " has no DLA");
  return OkStatus();
}

}  // namespace

Status CheckDlaTakes(const Version& version, const Precisions& precisions) {
  if (version >= kDlaGoes && version < kDlaReturns)
    return Unsupported("TensorRT " + version.ToString() +
                           " has no DLA: the last with it was 10.7, the next is 11.4.1",
                       "run on the GPU, or update to JetPack 7.2.2 on a Jetson AGX Orin");
  if (precisions.int8 && version < kDlaReturns)
    return Unsupported(
        "DLA of TensorRT " + version.ToString() + " does not support explicit quantization (Q/DQ)",
        "give DLA the FP16 model");
  if (!precisions.float16 && !precisions.int8)
    return Unsupported("DLA computes in FP16 or INT8 only, the model is float32",
                       "convert it first: edgeopt quantize --precision fp16");
  return OkStatus();
}

Result<std::vector<std::string>> BuildCommand(const Version& version, const BuildOptions& options) {
  if (options.onnx_path.empty() || options.engine_path.empty())
    return UsageError("an engine is built from an ONNX file into a file");
  if (options.workspace_mib && *options.workspace_mib < 1)
    return UsageError("a workspace of " + std::to_string(*options.workspace_mib) +
                      " MiB is none; give at least 1");
  EDGEOPT_CHECK_OK(CheckDla(version, options));
  Arguments arguments = {options.trtexec, "--onnx=" + options.onnx_path,
                         "--saveEngine=" + options.engine_path, "--skipInference",
                         "--profilingVerbosity=detailed"};
  EDGEOPT_CHECK_OK(AddPrecisions(arguments, version, options));
  EDGEOPT_CHECK_OK(AddRanges(arguments, options.shapes));
  AddFile(arguments, "--timingCacheFile", options.timing_cache_path);
  AddFile(arguments, "--exportLayerInfo", options.layer_info_path);
  // Without a suffix the unit is MiB in every version.
  if (options.workspace_mib)
    arguments.push_back("--memPoolSize=workspace:" + std::to_string(*options.workspace_mib));
  if (options.dla_core) {
    arguments.push_back("--useDLACore=" + std::to_string(*options.dla_core));
    if (options.allow_gpu_fallback) arguments.push_back("--allowGPUFallback");
  }
  return arguments;
}

Result<std::vector<std::string>> RunEngineCommand(const Version& version,
                                                  const RunOptions& options) {
  EDGEOPT_CHECK_OK(CheckRun(version, options));
  Arguments arguments = {options.trtexec, "--loadEngine=" + options.engine_path,
                         "--warmUp=" + std::to_string(options.warm_up_ms),
                         "--duration=" + std::to_string(options.duration_s),
                         "--iterations=" + std::to_string(options.iterations)};
  AddRunMode(arguments, version, options);
  EDGEOPT_CHECK_OK(AddShapes(arguments, "--shapes", options.shapes));
  EDGEOPT_CHECK_OK(AddInputs(arguments, options.inputs));
  if (options.dla_core) arguments.push_back("--useDLACore=" + std::to_string(*options.dla_core));
  AddFile(arguments, "--exportTimes", options.times_path);
  AddFile(arguments, "--exportProfile", options.profile_path);
  AddFile(arguments, "--exportLayerInfo", options.layer_info_path);
  AddFile(arguments, "--exportOutput", options.output_path);
  return arguments;
}

}  // namespace edgeopt::runtimes::tensorrt
