// The messages about files, models and measurements; envelopes and hello are in agent_protocol.cc.
#include <cfloat>
#include <filesystem>

#include "base/json_object.h"
#include "measure/agent/base64.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

constexpr int64_t kMaxWorkspaceMib = 1 << 20;
constexpr double kMaxSeconds = 7 * 24 * 3600;
constexpr std::string_view kOptimizations[] = {"none", "basic", "extended", "all"};
constexpr std::string_view kKernels[] = {"xnnpack", "builtin", "reference"};

// A relative path that stays below its folder.
bool IsPlainName(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty() || path.is_absolute() || name.find('\0') != std::string::npos) return false;
  for (const auto& part : path)
    if (part == ".." || part == "." || part.empty()) return false;
  return true;
}

Result<std::vector<int64_t>> IntegersFrom(const json& array, int64_t min, int64_t max,
                                          const std::string& where) {
  std::vector<int64_t> numbers;
  for (const json& value : array) {
    const auto number = IntegerIn(value, min, max);
    if (!number)
      return BadInput(where + ": an element is not an integer from " + std::to_string(min) +
                      " to " + std::to_string(max));
    numbers.push_back(*number);
  }
  return numbers;
}

json ToJson(const runtimes::TensorSpec& spec) {
  json row = {{"name", spec.name},       {"type", Name(spec.type)},   {"dims", spec.dims},
              {"symbols", spec.symbols}, {"sequence", spec.sequence}, {"optional", spec.optional}};
  if (const auto& quantization = spec.quantization)
    row["quantization"] = {{"scale", quantization->scale},
                           {"zero_point", quantization->zero_point}};
  return row;
}

Result<runtimes::Quantization> QuantizationFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "quantization"));
  runtimes::Quantization quantization;
  EDGEOPT_TRY(const double scale, fields.Number("scale", 0, FLT_MAX));
  quantization.scale = static_cast<float>(scale);
  EDGEOPT_TRY(quantization.zero_point, fields.Integer("zero_point", INT32_MIN, INT32_MAX));
  EDGEOPT_CHECK_OK(fields.Finish());
  return quantization;
}

// The place of `text` among `names`, which are spelled out where it is none of them.
template <size_t N>
Result<size_t> OneOf(const std::string& text, const std::string_view (&names)[N],
                     const std::string& field) {
  std::string known;
  for (size_t i = 0; i < N; ++i) {
    if (text == names[i]) return i;
    known += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  return BadInput("options: '" + field + "' is '" + text + "'; known: " + known);
}

Result<runtimes::TensorSpec> SpecFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "tensor description"));
  runtimes::TensorSpec spec;
  EDGEOPT_TRY(spec.name, fields.Text("name"));
  EDGEOPT_TRY(const std::string type, fields.Text("type"));
  spec.type = ir::DataTypeFromName(type).value_or(ir::DataType::kUndefined);
  EDGEOPT_TRY(const json* dims, fields.Array("dims"));
  EDGEOPT_TRY(spec.dims, IntegersFrom(*dims, -1, int64_t{1} << 40, "dims"));
  EDGEOPT_TRY(spec.symbols, fields.Texts("symbols"));
  if (spec.symbols.size() != spec.dims.size())
    return BadInput("tensor description: 'symbols' and 'dims' differ in length");
  EDGEOPT_TRY(spec.sequence, fields.Bool("sequence"));
  EDGEOPT_TRY(spec.optional, fields.Bool("optional"));
  if (fields.Has("quantization")) {
    EDGEOPT_TRY(const json* quantization, fields.Object("quantization"));
    EDGEOPT_TRY(spec.quantization, QuantizationFrom(*quantization));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return spec;
}

Result<std::vector<runtimes::TensorSpec>> SpecsFrom(const json& array) {
  std::vector<runtimes::TensorSpec> specs;
  for (const json& value : array) {
    EDGEOPT_TRY(runtimes::TensorSpec spec, SpecFrom(value));
    specs.push_back(std::move(spec));
  }
  return specs;
}

json ToJson(const runtimes::ModelFacts& facts) {
  json inputs = json::array(), outputs = json::array();
  for (const auto& spec : facts.inputs) inputs.push_back(ToJson(spec));
  for (const auto& spec : facts.outputs) outputs.push_back(ToJson(spec));
  return {{"inputs", std::move(inputs)},    {"outputs", std::move(outputs)},
          {"float16", facts.float16},       {"int8", facts.int8},
          {"int8_nodes", facts.int8_nodes}, {"sha256", facts.sha256}};
}

Result<runtimes::ModelFacts> ModelFactsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "options: tensorrt: model"));
  runtimes::ModelFacts facts;
  EDGEOPT_TRY(const json* inputs, fields.Array("inputs"));
  EDGEOPT_TRY(facts.inputs, SpecsFrom(*inputs));
  EDGEOPT_TRY(const json* outputs, fields.Array("outputs"));
  EDGEOPT_TRY(facts.outputs, SpecsFrom(*outputs));
  EDGEOPT_TRY(facts.float16, fields.Bool("float16"));
  EDGEOPT_TRY(facts.int8, fields.Bool("int8"));
  EDGEOPT_TRY(facts.int8_nodes, fields.Texts("int8_nodes"));
  EDGEOPT_TRY(facts.sha256, fields.Text("sha256"));
  if (!IsSha256(facts.sha256)) return BadInput("options: tensorrt: a 'sha256' is not one");
  EDGEOPT_CHECK_OK(fields.Finish());
  return facts;
}

json ToJson(const runtimes::TensorRtOptions& options) {
  json document = {{"transfers", options.transfers}};
  if (!options.model.sha256.empty()) document["model"] = ToJson(options.model);
  if (!options.trtexec.empty()) document["trtexec"] = options.trtexec;
  if (options.dla_core) document["dla"] = *options.dla_core;
  if (options.workspace_mib) document["workspace_mib"] = *options.workspace_mib;
  return document;
}

Result<runtimes::TensorRtOptions> TensorRtOptionsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "options: tensorrt"));
  runtimes::TensorRtOptions options;
  EDGEOPT_TRY(options.transfers, fields.Bool("transfers"));
  if (fields.Has("model")) {
    EDGEOPT_TRY(const json* model, fields.Object("model"));
    EDGEOPT_TRY(options.model, ModelFactsFrom(*model));
  }
  if (fields.Has("trtexec")) {
    EDGEOPT_TRY(options.trtexec, fields.Text("trtexec"));
  }
  if (fields.Has("dla")) {
    EDGEOPT_TRY(const int64_t core, fields.Integer("dla", 0, kMaxDlaCore));
    options.dla_core = static_cast<int>(core);
  }
  if (fields.Has("workspace_mib")) {
    EDGEOPT_TRY(options.workspace_mib, fields.Integer("workspace_mib", 1, kMaxWorkspaceMib));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return options;
}

Result<runtimes::SessionOptions> OptionsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "options"));
  runtimes::SessionOptions options;
  EDGEOPT_TRY(const int64_t threads, fields.Integer("threads", 1, 1024));
  options.threads = static_cast<int>(threads);
  EDGEOPT_TRY(const std::string optimization, fields.Text("optimization"));
  EDGEOPT_TRY(const size_t level, OneOf(optimization, kOptimizations, "optimization"));
  options.optimization = static_cast<runtimes::GraphOptimization>(level);
  EDGEOPT_TRY(const std::string kernels, fields.Text("kernels"));
  EDGEOPT_TRY(const size_t mode, OneOf(kernels, kKernels, "kernels"));
  options.kernels = static_cast<runtimes::KernelMode>(mode);
  EDGEOPT_TRY(options.spin, fields.Bool("spin"));
  EDGEOPT_TRY(options.arena, fields.Bool("arena"));
  if (fields.Has("tensorrt")) {
    EDGEOPT_TRY(const json* tensorrt, fields.Object("tensorrt"));
    EDGEOPT_TRY(options.tensorrt, TensorRtOptionsFrom(*tensorrt));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return options;
}

Result<std::vector<runtimes::Int8Fallback>> FallbacksFrom(const json& array) {
  std::vector<runtimes::Int8Fallback> fallbacks;
  for (const json& entry : array) {
    EDGEOPT_TRY(JsonObject row, JsonObject::Of(entry, "int8 fallback"));
    runtimes::Int8Fallback fallback;
    EDGEOPT_TRY(fallback.node, row.Text("node"));
    EDGEOPT_TRY(fallback.layer, row.Text("layer"));
    EDGEOPT_TRY(fallback.ran, row.Text("ran"));
    EDGEOPT_CHECK_OK(row.Finish());
    fallbacks.push_back(std::move(fallback));
  }
  return fallbacks;
}

Result<std::vector<StoredFile>> StoredFilesFrom(const json& array) {
  if (array.empty()) return BadInput("load: 'files' is empty");
  std::vector<StoredFile> files;
  for (const json& value : array) {
    EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "file"));
    StoredFile file;
    EDGEOPT_TRY(file.name, fields.Text("name"));
    if (!IsPlainName(file.name))
      return BadInput("load: the file name '" + file.name + "' is not relative and plain");
    EDGEOPT_TRY(file.sha256, fields.Text("sha256"));
    if (!IsSha256(file.sha256)) return BadInput("load: a 'sha256' is not one");
    EDGEOPT_CHECK_OK(fields.Finish());
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

json ToJson(const PutParams& params) {
  return {{"sha256", params.sha256},
          {"size", params.size_bytes},
          {"offset", params.offset},
          {"data", EncodeBase64(params.data)}};
}

Result<PutParams> PutParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "put"));
  PutParams params;
  EDGEOPT_TRY(params.sha256, fields.Text("sha256"));
  if (!IsSha256(params.sha256)) return BadInput("put: 'sha256' is not one");
  EDGEOPT_TRY(params.size_bytes, fields.Integer("size", 0, kMaxFileBytes));
  EDGEOPT_TRY(params.offset, fields.Integer("offset", 0, kMaxFileBytes));
  EDGEOPT_TRY(const std::string text, fields.Text("data"));
  auto data = DecodeBase64(text);
  if (!data) return BadInput("put: 'data' is not base64");
  if (data->size() > kMaxPieceBytes) return BadInput("put: a piece is larger than 1 MiB");
  params.data = std::move(*data);
  if (params.offset + static_cast<int64_t>(params.data.size()) > params.size_bytes)
    return BadInput("put: the piece ends behind the file");
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json HashesToJson(const char* name, const std::vector<std::string>& hashes) {
  return {{name, hashes}};
}

Result<std::vector<std::string>> HashesFrom(const char* name, const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "has"));
  EDGEOPT_TRY(std::vector<std::string> hashes, fields.Texts(name));
  for (const std::string& hash : hashes)
    if (!IsSha256(hash)) return BadInput("has: '" + hash + "' is not a SHA-256");
  EDGEOPT_CHECK_OK(fields.Finish());
  return hashes;
}

json ToJson(const LoadParams& params) {
  json model;
  if (params.files.empty()) model["path"] = params.path;
  for (const StoredFile& file : params.files)
    model["files"].push_back({{"name", file.name}, {"sha256", file.sha256}});
  const runtimes::SessionOptions& options = params.options;
  json document = {{"model", std::move(model)},
                   {"runtime", params.runtime},
                   {"options",
                    {{"threads", options.threads},
                     {"optimization", kOptimizations[static_cast<size_t>(options.optimization)]},
                     {"spin", options.spin},
                     {"arena", options.arena},
                     {"kernels", kKernels[static_cast<size_t>(options.kernels)]}}}};
  if (params.runtime == "tensorrt") document["options"]["tensorrt"] = ToJson(options.tensorrt);
  return document;
}

Result<LoadParams> LoadParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "load"));
  LoadParams params;
  EDGEOPT_TRY(const json* model, fields.Object("model"));
  EDGEOPT_TRY(JsonObject source, JsonObject::Of(*model, "load: model"));
  if (source.Has("files")) {
    EDGEOPT_TRY(const json* files, source.Array("files"));
    EDGEOPT_TRY(params.files, StoredFilesFrom(*files));
  } else {
    EDGEOPT_TRY(params.path, source.Text("path"));
    if (!params.path.starts_with('/')) return BadInput("load: 'path' is not absolute");
  }
  EDGEOPT_CHECK_OK(source.Finish());
  EDGEOPT_TRY(params.runtime, fields.Text("runtime"));
  EDGEOPT_TRY(const json* options, fields.Object("options"));
  EDGEOPT_TRY(params.options, OptionsFrom(*options));
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const LoadedModel& loaded) {
  json inputs = json::array(), outputs = json::array();
  for (const auto& spec : loaded.inputs) inputs.push_back(ToJson(spec));
  for (const auto& spec : loaded.outputs) outputs.push_back(ToJson(spec));
  json document = {
      {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}, {"load_ns", loaded.load_ns}};
  if (!loaded.executes_by.empty()) document["executes_by"] = loaded.executes_by;
  if (!loaded.executes_because.empty()) document["executes_because"] = loaded.executes_because;
  if (!loaded.timed_as.empty()) document["timed_as"] = loaded.timed_as;
  if (loaded.dla) document["dla"] = ToJson(*loaded.dla);
  return document;
}

Result<LoadedModel> LoadedModelFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "load"));
  LoadedModel loaded;
  EDGEOPT_TRY(const json* inputs, fields.Array("inputs"));
  EDGEOPT_TRY(loaded.inputs, SpecsFrom(*inputs));
  EDGEOPT_TRY(const json* outputs, fields.Array("outputs"));
  EDGEOPT_TRY(loaded.outputs, SpecsFrom(*outputs));
  EDGEOPT_TRY(loaded.load_ns, fields.Integer("load_ns", 0, kMaxId));
  for (const auto& [name, text] : {std::pair{"executes_by", &loaded.executes_by},
                                   {"executes_because", &loaded.executes_because},
                                   {"timed_as", &loaded.timed_as}})
    if (fields.Has(name)) {
      EDGEOPT_TRY(*text, fields.Text(name));
    }
  if (fields.Has("dla")) {
    EDGEOPT_TRY(const json* dla, fields.Object("dla"));
    EDGEOPT_TRY(loaded.dla, DlaPlacementFrom(*dla));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return loaded;
}

json ToJson(const BenchPlan& plan) {
  const WarmUp& warm_up = plan.warm_up;
  return {{"warm_up",
           {{"min_runs", warm_up.min_runs},
            {"min_seconds", warm_up.min_seconds},
            {"max_seconds", warm_up.max_seconds},
            {"tolerance", warm_up.tolerance}}},
          {"min_runs", plan.min_runs},
          {"min_seconds", plan.min_seconds},
          {"max_runs", plan.max_runs}};
}

Result<BenchPlan> BenchPlanFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "bench"));
  BenchPlan plan;
  EDGEOPT_TRY(const json* object, fields.Object("warm_up"));
  EDGEOPT_TRY(JsonObject warm_up, JsonObject::Of(*object, "warm_up"));
  EDGEOPT_TRY(plan.warm_up.min_runs, warm_up.Integer("min_runs", 0, kMaxBenchRuns));
  EDGEOPT_TRY(plan.warm_up.min_seconds, warm_up.Number("min_seconds", 0, kMaxSeconds));
  EDGEOPT_TRY(plan.warm_up.max_seconds, warm_up.Number("max_seconds", 0, kMaxSeconds));
  EDGEOPT_TRY(plan.warm_up.tolerance, warm_up.Number("tolerance", 0, 1));
  EDGEOPT_CHECK_OK(warm_up.Finish());
  EDGEOPT_TRY(plan.min_runs, fields.Integer("min_runs", 1, kMaxBenchRuns));
  EDGEOPT_TRY(plan.min_seconds, fields.Number("min_seconds", 0, kMaxSeconds));
  EDGEOPT_TRY(plan.max_runs, fields.Integer("max_runs", plan.min_runs, kMaxBenchRuns));
  EDGEOPT_CHECK_OK(fields.Finish());
  return plan;
}

json ToJson(const Timings& timings) {
  return {{"latencies_ns", timings.latencies_ns},
          {"warm_up",
           {{"runs", timings.warm_up_runs},
            {"seconds", timings.warm_up_seconds},
            {"settled", timings.settled}}}};
}

Result<Timings> TimingsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "bench"));
  Timings timings;
  EDGEOPT_TRY(const json* latencies, fields.Array("latencies_ns"));
  if (latencies->empty()) return BadInput("bench: no latencies");
  EDGEOPT_TRY(timings.latencies_ns, IntegersFrom(*latencies, 0, kMaxId, "latencies_ns"));
  EDGEOPT_TRY(const json* object, fields.Object("warm_up"));
  EDGEOPT_TRY(JsonObject warm_up, JsonObject::Of(*object, "warm_up"));
  EDGEOPT_TRY(timings.warm_up_runs, warm_up.Integer("runs", 0, kMaxId));
  EDGEOPT_TRY(timings.warm_up_seconds, warm_up.Number("seconds", 0, DBL_MAX));
  EDGEOPT_TRY(timings.settled, warm_up.Bool("settled"));
  EDGEOPT_CHECK_OK(warm_up.Finish());
  EDGEOPT_CHECK_OK(fields.Finish());
  return timings;
}

json ToJson(const ProfileParams& params) {
  return {{"runs", params.runs}, {"warm_up_runs", params.warm_up_runs}};
}

Result<ProfileParams> ProfileParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "profile"));
  ProfileParams params;
  EDGEOPT_TRY(params.runs, fields.Integer("runs", 1, 10'000));
  EDGEOPT_TRY(params.warm_up_runs, fields.Integer("warm_up_runs", 0, 10'000));
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const ProfileAnswer& answer) {
  json nodes = json::array();
  for (const NodeProfile& node : answer.nodes) {
    json row = {{"node", node.node},
                {"op_type", node.op_type},
                {"provider", node.provider},
                {"mean_us", node.mean_us},
                {"calls_per_run", node.calls_per_run},
                {"input_types", node.input_types},
                {"output_types", node.output_types},
                {"nested", node.nested}};
    if (!node.precision.empty()) row["precision"] = node.precision;
    nodes.push_back(std::move(row));
  }
  json document = {{"runs", answer.runs}, {"nodes", std::move(nodes)}};
  for (const runtimes::Int8Fallback& fallback : answer.int8_fallbacks)
    document["int8_fallbacks"].push_back(
        {{"node", fallback.node}, {"layer", fallback.layer}, {"ran", fallback.ran}});
  if (!answer.int8_unknown.empty()) document["int8_unknown"] = answer.int8_unknown;
  return document;
}

Result<ProfileAnswer> ProfileAnswerFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "profile"));
  ProfileAnswer answer;
  EDGEOPT_TRY(answer.runs, fields.Integer("runs", 0, kMaxId));
  EDGEOPT_TRY(const json* nodes, fields.Array("nodes"));
  for (const json& entry : *nodes) {
    EDGEOPT_TRY(JsonObject row, JsonObject::Of(entry, "node"));
    NodeProfile node;
    EDGEOPT_TRY(node.node, row.Text("node"));
    EDGEOPT_TRY(node.op_type, row.Text("op_type"));
    EDGEOPT_TRY(node.provider, row.Text("provider"));
    EDGEOPT_TRY(node.mean_us, row.Number("mean_us", 0, DBL_MAX));
    EDGEOPT_TRY(node.calls_per_run, row.Number("calls_per_run", 0, DBL_MAX));
    EDGEOPT_TRY(node.input_types, row.Texts("input_types"));
    EDGEOPT_TRY(node.output_types, row.Texts("output_types"));
    EDGEOPT_TRY(node.nested, row.Bool("nested"));
    if (row.Has("precision")) {
      EDGEOPT_TRY(node.precision, row.Text("precision"));
    }
    EDGEOPT_CHECK_OK(row.Finish());
    answer.nodes.push_back(std::move(node));
  }
  if (fields.Has("int8_fallbacks")) {
    EDGEOPT_TRY(const json* fallbacks, fields.Array("int8_fallbacks"));
    EDGEOPT_TRY(answer.int8_fallbacks, FallbacksFrom(*fallbacks));
  }
  if (fields.Has("int8_unknown")) {
    EDGEOPT_TRY(answer.int8_unknown, fields.Texts("int8_unknown"));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return answer;
}

json ToJson(const MemoryUsage& memory) {
  return {{"peak_bytes", memory.peak_bytes},
          {"empty_bytes", memory.empty_bytes},
          {"now_bytes", memory.now_bytes}};
}

Result<MemoryUsage> MemoryUsageFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "memory"));
  MemoryUsage memory;
  EDGEOPT_TRY(memory.peak_bytes, fields.Integer("peak_bytes", 0, kMaxFileBytes));
  EDGEOPT_TRY(memory.empty_bytes, fields.Integer("empty_bytes", 0, kMaxFileBytes));
  EDGEOPT_TRY(memory.now_bytes, fields.Integer("now_bytes", 0, kMaxFileBytes));
  EDGEOPT_CHECK_OK(fields.Finish());
  return memory;
}

}  // namespace edgeopt::measure
