#include "report/sizes.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;

std::string Bracketed(const json& sizes) {
  std::string text;
  for (const json& size : sizes)
    text += (text.empty() ? "" : ", ") + (size.is_string() ? size.get<std::string>() : size.dump());
  return "[" + text + "]";
}

std::string ResizedText(const Resized& resized) {
  std::string changes;
  for (const json& input : resized.inputs)
    changes += (changes.empty() ? "" : ", ") + input.value("name", "") + " from " +
               Bracketed(input.value("before", json::array())) + " to " +
               Bracketed(input.value("after", json::array()));
  const json against =
      resized.verified.is_object() ? resized.verified.value("against", json()) : json();
  std::string text = "- **Sizes**: `" + resized.asked + "` (" + changes + "), " +
                     (against.is_string() ? "verified against " + against.get<std::string>()
                                          : "which the original can't be compared at");
  if (!resized.original_takes_them)
    text += "; the original does not run at them, the baseline is the model at these sizes";
  return text + "\n";
}

// Of what was timed last; all steps of a run are timed at the same.
std::string MeasuredText(const Record& record) {
  for (auto step = record.steps.rbegin(); step != record.steps.rend(); ++step) {
    if (!step->measured_under.is_object()) continue;
    const json settings = step->measured_under.value("settings", json::object());
    if (!settings.is_object() || !settings.contains("sizes")) continue;
    std::string text;
    for (const auto& [name, sizes] : settings["sizes"].items())
      text += (text.empty() ? "" : ", ") + name + " " + Bracketed(sizes);
    const int64_t batch = settings.value("batch", int64_t{1});
    if (batch > 1)
      text += "; latencies are of a batch of " + std::to_string(batch) +
              ", the throughput is of samples";
    return "- **Measured at**: " + text + "\n";
  }
  return "";
}

}  // namespace

std::string SizesText(const Record& record) {
  std::string text;
  if (record.resized) text += ResizedText(*record.resized);
  if (record.dynamic_sizes)
    text += "- **Dynamic sizes**: " + record.dynamic_sizes->inputs + ": " +
            record.dynamic_sizes->target + "\n";
  return text + MeasuredText(record);
}

}  // namespace edgeopt::report
