#include "pipeline/dla_check.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "runtimes/tensorrt/trtexec_flags.h"

namespace edgeopt::pipeline {

namespace trt = runtimes::tensorrt;
using nlohmann::json;

namespace {

std::string DevicesWithDla() {
  std::string names;
  for (const devices::Device& device : devices::Table())
    if (device.dla_cores > 0) names += (names.empty() ? "" : " or ") + std::string(device.name);
  return names;
}

// Of the last engine that was measured.
std::optional<trt::Version> BuiltBy(const report::Record& record) {
  std::optional<trt::Version> found;
  for (const report::Step& step : record.steps) {
    if (!step.measured_under.is_object()) continue;
    const json runtime = step.measured_under.value("/settings/runtime"_json_pointer, json());
    if (!runtime.is_object() || runtime.value("name", "") != "tensorrt") continue;
    if (const auto version = trt::ParseVersion(runtime.value("version", ""))) found = version;
  }
  return found;
}

}  // namespace

Status CheckDla(const devices::Device& device, int core, std::string_view tensorrt) {
  if (device.dla_cores == 0)
    return Unsupported(std::string(device.title) + " has no deep learning accelerator (DLA)",
                       "leave --dla out, or choose --device " + DevicesWithDla());
  if (core < 0 || core >= device.dla_cores)
    return UsageError(
        "there is no DLA core " + std::to_string(core) + " in a " + std::string(device.title),
        "its largest variant has " + std::to_string(device.dla_cores) +
            "; they are counted from 0");
  const auto version = trt::ParseVersion(tensorrt);
  // Float16 is what every release with DLA takes.
  return version ? trt::CheckDlaTakes(*version, {trt::Typing::kGraph, true, false}) : OkStatus();
}

std::string Int8OffDla(const report::Record& record) {
  if (!record.dla_core) return {};
  const auto version = BuiltBy(record);
  if (!version)
    return "a DLA takes Q/DQ from TensorRT 11.4.1 on only, and no engine tells yet which one the "
           "device has (--host)";
  const Status takes = trt::CheckDlaTakes(*version, {trt::Typing::kGraph, true, true});
  return takes.ok() ? std::string() : takes.error().message;
}

}  // namespace edgeopt::pipeline
