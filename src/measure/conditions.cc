#include "measure/conditions.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace edgeopt::measure {
namespace {

using hardware::Sample;
using nlohmann::json;

constexpr const char* kLocked = "locked";
constexpr const char* kAsTheyWere = "as they were";

// What one quantity did over the samples.
struct Course {
  double first = 0, last = 0, lowest = 0, highest = 0, sum = 0;
  int64_t seen = 0;

  void See(double value) {
    lowest = seen == 0 ? value : std::min(lowest, value);
    highest = seen == 0 ? value : std::max(highest, value);
    if (seen == 0) first = value;
    last = value;
    sum += value;
    ++seen;
  }
};

// Of each sample the hottest zone.
Course Temperature(const std::vector<Sample>& samples) {
  Course course;
  for (const Sample& sample : samples) {
    std::optional<double> hottest;
    for (const auto& [zone, celsius] : sample.temperatures_c)
      hottest = std::max(hottest.value_or(celsius), celsius);
    if (hottest) course.See(*hottest);
  }
  return course;
}

// Of all CPUs; a requested clock does not count where the real one is known.
Course CpuClock(const std::vector<Sample>& samples) {
  const bool real = std::any_of(samples.begin(), samples.end(),
                                [](const Sample& sample) { return !sample.cpu_real_mhz.empty(); });
  Course course;
  for (const Sample& sample : samples)
    for (const auto& [cpu, mhz] : real ? sample.cpu_real_mhz : sample.cpu_requested_mhz)
      course.See(mhz);
  return course;
}

template <typename T>
Course CourseOf(const std::vector<Sample>& samples, std::optional<T> Sample::*member) {
  Course course;
  for (const Sample& sample : samples)
    if (const auto& value = sample.*member) course.See(static_cast<double>(*value));
  return course;
}

void AddRange(json& summary, const char* name, const Course& course,
              const std::optional<double>& locked = std::nullopt) {
  if (course.seen == 0) return;
  summary[name] = {{"lowest", course.lowest}, {"highest", course.highest}};
  if (locked) summary[name]["locked"] = *locked;
}

// The lowest of the CPUs': what all of them should hold at least.
std::optional<double> LockedCpuMhz(const hardware::LockedClocks& locked) {
  std::optional<double> lowest;
  for (const auto& [cpu, mhz] : locked.cpu_mhz) lowest = std::min(lowest.value_or(mhz), mhz);
  return lowest;
}

void AddPower(json& summary, const std::vector<Sample>& samples) {
  std::map<std::string, Course> rails;
  for (const Sample& sample : samples)
    for (const auto& [rail, milliwatts] : sample.power_mw) rails[rail].See(milliwatts);
  for (const auto& [rail, course] : rails)
    summary["power_mw"][rail] = {{"mean", course.sum / static_cast<double>(course.seen)},
                                 {"highest", course.highest}};
}

void AddEvents(json& summary, const std::vector<Sample>& samples) {
  std::optional<int64_t> bits;
  std::map<std::string, std::pair<int64_t, int64_t>> counts;  // first, last
  for (const Sample& sample : samples) {
    if (sample.throttle_bits) bits = bits.value_or(0) | *sample.throttle_bits;
    for (const auto& [name, count] : sample.over_current)
      counts.try_emplace(name, count, count).first->second.second = count;
  }
  if (bits) summary["throttle_bits"] = *bits;
  for (const auto& [name, range] : counts)
    summary["over_current_events"][name] = range.second - range.first;
}

}  // namespace

std::string Clocks::label() const {
  return state == kLocked || state == kAsTheyWere ? std::string() : state;
}

Result<Clocks> LockUntilItEnds(AgentClient& agent, const ClockLockParams& params) {
  EDGEOPT_TRY(const ClockLock lock, agent.LockClocks(params));
  Clocks clocks;
  const std::string label = hardware::LockLabel(lock.report);
  clocks.state = label.empty() ? kLocked : label;
  if (lock.clocks) clocks.locked = *lock.clocks;
  return clocks;
}

json SummarizeConditions(const Clocks& clocks, const std::vector<Sample>& samples,
                         const std::vector<std::string>& throttled) {
  json summary = {{"clocks", clocks.state},
                  {"samples", samples.size()},
                  {"seconds", samples.empty() ? 0.0 : samples.back().seconds},
                  {"throttled", throttled}};
  if (const Course heat = Temperature(samples); heat.seen > 0)
    summary["temperature_c"] = {
        {"first", heat.first}, {"highest", heat.highest}, {"last", heat.last}};
  AddRange(summary, "cpu_mhz", CpuClock(samples), LockedCpuMhz(clocks.locked));
  AddRange(summary, "gpu_mhz", CourseOf(samples, &Sample::gpu_mhz), clocks.locked.gpu_mhz);
  AddRange(summary, "fan_rpm", CourseOf(samples, &Sample::fan_rpm));
  AddRange(summary, "fan_pwm", CourseOf(samples, &Sample::fan_pwm));
  AddPower(summary, samples);
  AddEvents(summary, samples);
  return summary;
}

}  // namespace edgeopt::measure
