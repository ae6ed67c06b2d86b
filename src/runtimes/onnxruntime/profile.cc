#include "runtimes/onnxruntime/profile.h"

#include <nlohmann/json.hpp>

namespace edgeopt::runtimes::ort {
namespace {

using nlohmann::json;

constexpr std::string_view kKernelSuffix = "_kernel_time";

struct Timed {
  ProfileEvent event;
  int64_t start_us = 0, end_us = 0;
};

std::string TextOr(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberOr(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}

// [{"float": [1, 10]}, {"uint8": [10]}] -> "float", "uint8".
std::vector<std::string> TypesOf(const json& args, const char* key) {
  std::vector<std::string> types;
  const auto found = args.find(key);
  if (found == args.end() || !found->is_array()) return types;
  for (const json& tensor : *found)
    types.push_back(tensor.is_object() && !tensor.empty() ? tensor.begin().key() : std::string());
  return types;
}

Timed ReadKernel(const json& event, std::string name) {
  Timed timed;
  name.resize(name.size() - kKernelSuffix.size());
  timed.event.node = std::move(name);
  timed.start_us = NumberOr(event, "ts");
  timed.end_us = timed.start_us + NumberOr(event, "dur");
  timed.event.duration_us = static_cast<double>(timed.end_us - timed.start_us);
  const auto args = event.find("args");
  if (args == event.end() || !args->is_object()) return timed;
  timed.event.op_type = TextOr(*args, "op_name");
  timed.event.provider = TextOr(*args, "provider");
  timed.event.input_types = TypesOf(*args, "input_type_shape");
  timed.event.output_types = TypesOf(*args, "output_type_shape");
  return timed;
}

bool HasBody(const std::string& op_type) {
  return op_type == "If" || op_type == "Loop" || op_type == "Scan";
}

// Events are written when they end, so what is inside an If comes before it.
std::vector<ProfileEvent> CloseRun(std::vector<Timed>& kernels) {
  for (size_t outer = 0; outer < kernels.size(); ++outer) {
    if (!HasBody(kernels[outer].event.op_type)) continue;
    for (size_t inner = outer; inner-- > 0;) {
      if (kernels[inner].end_us < kernels[outer].start_us) break;
      // Whole microseconds: a neighbour may end where the If starts, but started before it.
      if (kernels[inner].start_us >= kernels[outer].start_us) kernels[inner].event.nested = true;
    }
  }
  std::vector<ProfileEvent> events;
  for (Timed& kernel : kernels) events.push_back(std::move(kernel.event));
  kernels.clear();
  return events;
}

}  // namespace

Result<std::vector<std::vector<ProfileEvent>>> ParseProfile(std::string_view text) {
  const json events = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!events.is_array()) return BadInput("the profile is not a JSON array of events");
  std::vector<std::vector<ProfileEvent>> runs;
  std::vector<Timed> kernels;
  for (const json& event : events) {
    if (!event.is_object()) return BadInput("the profile holds something that is not an event");
    const std::string category = TextOr(event, "cat"), name = TextOr(event, "name");
    if (category == "Session" && name == "model_run") runs.push_back(CloseRun(kernels));
    if (category == "Node" && name.ends_with(kKernelSuffix))
      kernels.push_back(ReadKernel(event, name));
  }
  return runs;
}

}  // namespace edgeopt::runtimes::ort
