#include "hardware/throttling.h"

#include <algorithm>
#include <cstdio>

#include "hardware/cpu_frequency.h"
#include "hardware/devfreq.h"
#include "hardware/sysfs.h"
#include "hardware/vcgencmd.h"

namespace edgeopt::hardware {
namespace {

constexpr double kLowestClockRatio = 0.95;
constexpr double kHighestMedianRatio = 1.1;

// Clocks above the nominal one are on, as on most x86: docs.kernel.org, cpufreq, intel_pstate.
bool HasTurbo(const std::filesystem::path& root) {
  const auto folder = root / "sys/devices/system/cpu";
  return ReadInteger(folder / "cpufreq/boost") == 1 ||
         ReadInteger(folder / "intel_pstate/no_turbo") == 0;
}

std::string Format(const char* form, double number) {
  char text[64];
  std::snprintf(text, sizeof text, form, number);
  return text;
}

// How one clock did over the samples.
struct ClockWatch {
  double lowest_mhz = 0;
  int low = 0, seen = 0;

  void See(double mhz, double locked_mhz) {
    if (mhz <= 0) return;
    lowest_mhz = seen == 0 ? mhz : std::min(lowest_mhz, mhz);
    ++seen;
    if (mhz < kLowestClockRatio * locked_mhz) ++low;
  }
};

void Judge(const ClockWatch& watch, const std::string& name, double locked_mhz,
           std::vector<std::string>& reasons) {
  if (watch.low == 0) return;
  reasons.push_back(name + " fell to " + Format("%.0f", watch.lowest_mhz) + " MHz, below 95 % of " +
                    Format("%.0f", locked_mhz) + " MHz (in " + std::to_string(watch.low) + " of " +
                    std::to_string(watch.seen) + " samples)");
}

void JudgeClocks(const std::vector<Sample>& samples, const LockedClocks& locked,
                 std::vector<std::string>& reasons) {
  for (const auto& [cpu, locked_mhz] : locked.cpu_mhz) {
    // The requested clock does not show throttling: once the real one is known, it does not count.
    const bool real = std::any_of(samples.begin(), samples.end(), [&cpu = cpu](const Sample& s) {
      return s.cpu_real_mhz.contains(cpu);
    });
    ClockWatch watch;
    for (const Sample& sample : samples) {
      const auto& clocks = real ? sample.cpu_real_mhz : sample.cpu_requested_mhz;
      if (const auto found = clocks.find(cpu); found != clocks.end())
        watch.See(found->second, locked_mhz);
    }
    Judge(watch, "CPU " + cpu, locked_mhz, reasons);
  }
  if (!locked.gpu_mhz) return;
  ClockWatch watch;
  for (const Sample& sample : samples)
    if (sample.gpu_mhz) watch.See(*sample.gpu_mhz, *locked.gpu_mhz);
  Judge(watch, "the GPU", *locked.gpu_mhz, reasons);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void JudgeBits(const std::vector<Sample>& samples, std::vector<std::string>& reasons) {
  std::optional<uint32_t> first;
  uint32_t now = 0, since_boot = 0;
  int on = 0, seen = 0;
  for (const Sample& sample : samples) {
    if (!sample.throttle_bits) continue;
    const auto bits = static_cast<uint32_t>(*sample.throttle_bits);
    if (!first) first = bits;
    ++seen;
    now |= bits & kThrottledNow;
    since_boot |= bits & kThrottledSinceBoot & ~*first;
    if ((bits & kThrottledNow) != 0) ++on;
  }
  if (now != 0)
    reasons.push_back("the firmware reported " + Joined(ThrottleNames(now)) + " (in " +
                      std::to_string(on) + " of " + std::to_string(seen) + " samples)");
  // What the samples missed between them.
  const uint32_t missed = since_boot & ~(now << 16);
  if (missed != 0)
    reasons.push_back("the firmware reported, between two samples, " +
                      Joined(ThrottleNames(missed >> 16)));
}

void JudgeEvents(const std::vector<Sample>& samples, std::vector<std::string>& reasons) {
  std::map<std::string, std::pair<int64_t, int64_t>> counts;  // first, highest
  for (const Sample& sample : samples)
    for (const auto& [name, count] : sample.over_current) {
      auto& range = counts.try_emplace(name, count, count).first->second;
      range.second = std::max(range.second, count);
    }
  for (const auto& [name, range] : counts)
    if (range.second > range.first)
      reasons.push_back("over-current events of " + name + " rose from " +
                        std::to_string(range.first) + " to " + std::to_string(range.second));
}

}  // namespace

LockedClocks ReadLockedClocks(const std::filesystem::path& root) {
  LockedClocks locked;
  const auto cpus = HasTurbo(root) ? std::vector<CpuFrequency>() : ReadCpuFrequencies(root);
  for (const CpuFrequency& cpu : cpus)
    if (cpu.max_khz && *cpu.max_khz > 0)
      locked.cpu_mhz[std::to_string(cpu.cpu)] = static_cast<double>(*cpu.max_khz) / 1e3;
  if (const auto gpu = ReadGpuClock(root))
    if (gpu->max_hz && *gpu->max_hz > 0) locked.gpu_mhz = static_cast<double>(*gpu->max_hz) / 1e6;
  return locked;
}

std::vector<std::string> ThrottlingReasons(const std::vector<Sample>& samples,
                                           const LockedClocks& locked,
                                           const std::optional<WindowMedians>& medians) {
  std::vector<std::string> reasons;
  JudgeClocks(samples, locked, reasons);
  JudgeBits(samples, reasons);
  JudgeEvents(samples, reasons);
  if (medians && medians->first > 0 && medians->last > kHighestMedianRatio * medians->first)
    reasons.push_back("the last window's p50 is " + Format("%.2f", medians->last / medians->first) +
                      " times the first one's; more than 1.1 counts as throttled");
  return reasons;
}

}  // namespace edgeopt::hardware
