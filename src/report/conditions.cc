#include "report/conditions.h"

#include <optional>

#include "report/text.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;

// The member of an object; null for what is not there. A state on disk may say anything.
const json& Inside(const json& object, const char* name) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::optional<double> NumberIn(const json& object, const char* name) {
  const json& value = Inside(object, name);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

// "WHAT 1500 to 2400 UNIT"
void AddSpan(std::string& text, const std::string& what, const json& range, const char* low,
             const char* high, const std::string& unit) {
  const auto from = NumberIn(range, low), to = NumberIn(range, high);
  if (!from || !to) return;
  const std::string first = Number(*from), last = Number(*to);
  text += (text.empty() ? "" : ", ") + what + " " + (first == last ? last : first + " to " + last) +
          " " + unit;
}

std::string MachineName(const json& machine) {
  for (const char* name : {"board", "cpu_model"})
    if (const json& text = Inside(machine, name); text.is_string() && !text.empty())
      if (!text.get_ref<const std::string&>().empty()) return text.get<std::string>();
  return "";
}

}  // namespace

std::vector<std::string> ThrottledUnder(const json& measured_under) {
  std::vector<std::string> reasons;
  const json& list = Inside(Inside(measured_under, "conditions"), "throttled");
  if (!list.is_array()) return reasons;
  for (const json& reason : list)
    if (reason.is_string()) reasons.push_back(reason.get<std::string>());
  return reasons;
}

std::string ConditionsText(const json& measured_under) {
  const json& conditions = Inside(measured_under, "conditions");
  std::string text;
  AddSpan(text, "hottest zone", Inside(conditions, "temperature_c"), "first", "highest", "C");
  AddSpan(text, "CPU", Inside(conditions, "cpu_mhz"), "lowest", "highest", "MHz");
  AddSpan(text, "GPU", Inside(conditions, "gpu_mhz"), "lowest", "highest", "MHz");
  AddSpan(text, "fan", Inside(conditions, "fan_rpm"), "lowest", "highest", "rpm");
  const json& power = Inside(conditions, "power_mw");
  if (power.is_object())
    for (const auto& [rail, course] : power.items())
      if (const auto mean = NumberIn(course, "mean"))
        text += (text.empty() ? "" : ", ") + rail + " " + Number(*mean) + " mW in the mean";
  return text;
}

std::string MeasuredOn(const Record& record) {
  const bool remote = !record.measuring.host.empty();
  if (!remote && !record.measuring.lock_clocks) return "";
  const std::string machine = MachineName(record.machine);
  std::string text = remote ? record.measuring.host : "this machine";
  if (!machine.empty()) text += " (" + machine + ")";
  if (record.clocks.empty()) return text;
  if (record.clocks == "locked") return text + ", clocks locked";
  if (record.clocks == "as they were") return text + ", clocks not locked (--lock-clocks)";
  return text + ", " + record.clocks;
}

}  // namespace edgeopt::report
