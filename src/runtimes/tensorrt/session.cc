#include "runtimes/tensorrt/session.h"

#include <algorithm>
#include <cmath>

#include "runtimes/inputs.h"
#include "runtimes/tensorrt/dla_placement.h"
#include "runtimes/tensorrt/layers.h"
#include "runtimes/tensorrt/trtexec_results.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

constexpr std::chrono::minutes kLoadLimit(10);

// The words of ProfileEvent.
std::string WordOf(ir::DataType type) {
  return type == ir::DataType::kFloat32 ? "float" : std::string(ir::Name(type));
}
void ToWords(std::vector<std::string>& names) {
  for (std::string& name : names)
    if (name == ir::Name(ir::DataType::kFloat32)) name = WordOf(ir::DataType::kFloat32);
}

ProfileEvent EventOf(LayerRun run) {
  ToWords(run.event.input_types);
  ToWords(run.event.output_types);
  if (run.precision) run.event.precision = WordOf(*run.precision);
  return std::move(run.event);
}

}  // namespace

Result<std::vector<ir::Tensor>> TensorRtSession::Named(
    const std::vector<ir::Tensor>& inputs) const {
  EDGEOPT_TRY(const auto given, SortInputs(engine_.inputs, inputs));
  const int64_t largest = engine_.one_sample ? 1 : kLargestBatch;
  std::vector<ir::Tensor> named;
  for (size_t i = 0; i < given.size(); ++i) {
    const TensorSpec& spec = engine_.inputs[i];
    for (const ir::Tensor* tensor : given[i]) {
      if (!spec.dims.empty() && spec.dims[0] < 0 && tensor->dims()[0] > largest)
        return BadInput("input '" + spec.name + "' holds " + std::to_string(tensor->dims()[0]) +
                            " samples, the engine takes " +
                            (largest == 1 ? "one" : "1 to " + std::to_string(largest)) + " at once",
                        "use smaller batches");
      named.push_back(*tensor);
      named.back().name = spec.name;
    }
  }
  return named;
}

Result<std::vector<ir::Tensor>> TensorRtSession::Run(const std::vector<ir::Tensor>& inputs) {
  const std::lock_guard lock(running_);
  EDGEOPT_TRY(const auto named, Named(inputs));
  EDGEOPT_TRY(auto found, execution_.executor->Run(named));
  std::vector<ir::Tensor> outputs;
  for (const TensorSpec& spec : engine_.outputs) {
    const auto output = std::find_if(found.begin(), found.end(), [&](const ir::Tensor& tensor) {
      return tensor.name == spec.name;
    });
    if (output == found.end())
      return Unavailable("the TensorRT engine gave no output '" + spec.name + "'");
    outputs.push_back(std::move(*output));
    outputs.back().name = spec.name;
  }
  return outputs;
}

std::optional<DlaPlacement> TensorRtSession::dla_placement() const {
  if (!engine_.options.dla_core) return std::nullopt;
  return ReadPlacement(files_.placement, *engine_.options.dla_core);
}

std::vector<std::filesystem::path> TensorRtSession::built_files() const {
  std::vector<std::filesystem::path> built;
  std::error_code error;
  for (const auto& file : {files_.engine, files_.origin, files_.timing})
    if (!file.empty() && std::filesystem::exists(file, error)) built.push_back(file);
  return built;
}

std::string TensorRtSession::timed_as() const {
  return std::string("TensorRT's time on the GPU, by trtexec, ") +
         (engine_.options.transfers ? "with" : "without") + " the copies to and from it";
}

Status TensorRtSession::RunTrtexec(const std::vector<ir::Tensor>& inputs, const Plan& plan,
                                   const std::filesystem::path& folder, RunOptions& run) {
  const std::lock_guard lock(running_);
  execution_.executor->Rest();
  EDGEOPT_TRY(const auto named, Named(inputs));
  run.warm_up_ms = static_cast<int>(std::lround(plan.warm_up_seconds * 1000));
  run.duration_s = static_cast<int>(std::ceil(plan.min_seconds));
  run.iterations = static_cast<int>(std::max<int64_t>(1, plan.min_runs));
  EDGEOPT_CHECK_OK(GiveInputs(engine_, named, folder, run));
  EDGEOPT_TRY(const auto command, RunEngineCommand(engine_.trtexec.version(), run));
  // Queries of up to a second each.
  const std::chrono::seconds limit = kLoadLimit + std::chrono::seconds(run.warm_up_ms / 1000) +
                                     std::chrono::seconds(run.duration_s) +
                                     std::chrono::seconds(run.iterations);
  EDGEOPT_TRY(const std::string log, engine_.trtexec.Run(command, engine_.go_on, limit));
  return OkStatus();
}

Result<std::vector<int64_t>> TensorRtSession::Time(const std::vector<ir::Tensor>& inputs,
                                                   const Plan& plan) {
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  RunOptions run;
  run.times_path = folder.path() / "times.json";
  EDGEOPT_CHECK_OK(RunTrtexec(inputs, plan, folder.path(), run));
  EDGEOPT_TRY(const std::string text, ReadFile(run.times_path));
  EDGEOPT_TRY(QueryTimes times, ParseTimes(text));
  return std::move(times.latency_ns);
}

Result<LayerProfile> TensorRtSession::Profile(const std::vector<ir::Tensor>& inputs,
                                              const Plan& plan) {
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  RunOptions run;
  run.profile_path = folder.path() / "profile.json";
  run.layer_info_path = folder.path() / "layers.json";
  EDGEOPT_CHECK_OK(RunTrtexec(inputs, plan, folder.path(), run));
  EDGEOPT_TRY(const std::string times_text, ReadFile(run.profile_path));
  EDGEOPT_TRY(const LayerTimes times, ParseLayerTimes(times_text));
  EDGEOPT_TRY(const std::string layers_text, ReadFile(run.layer_info_path));
  EDGEOPT_TRY(const std::vector<Layer> layers, ParseLayers(layers_text));
  LayerProfile profile;
  profile.runs = times.runs;
  for (LayerRun& layer : JoinLayers(times, layers))
    profile.layers.push_back(EventOf(std::move(layer)));
  Int8Check check = CheckInt8(layers, int8_nodes_);
  for (const Fallback& fallback : check.fallbacks)
    profile.int8_fallbacks.push_back({fallback.node, fallback.layer, WordOf(fallback.ran)});
  profile.int8_unknown = std::move(check.unknown);
  return profile;
}

}  // namespace edgeopt::runtimes::tensorrt
