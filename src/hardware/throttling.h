// Whether a run was throttled, from what was sampled beside it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hardware/program.h"
#include "hardware/telemetry.h"

namespace edgeopt::hardware {

// What the clocks were locked to; empty: they were not, and are not judged.
struct LockedClocks {
  std::map<std::string, double> cpu_mhz;  // by CPU, as in Sample
  std::optional<double> gpu_mhz;
};

// The upper limits as they are set now: what clocks that are locked hold. None for the CPUs of a
// machine with turbo clocks, which not even cool CPUs hold all at once.
LockedClocks ReadLockedClocks(const std::filesystem::path& root = "/");

// The medians of a long run's first and last window, in the same unit.
struct WindowMedians {
  double first = 0, last = 0;
};

// Why a run counts as throttled, each with its numbers; empty: it does not.
// - a clock fell below 95 % of what it was locked to: the real one where it is known, else the
//   requested one. 0 is a GPU that was switched off, not a slow one.
// - a Raspberry Pi's throttle bit was on in a sample, or one of those since boot rose. A bit that
//   was set since boot before the run can't rise again: then only the samples tell.
// - a count of over-current events rose.
// - the last window's median is more than 1.1 times the first one's.
std::vector<std::string> ThrottlingReasons(const std::vector<Sample>& samples,
                                           const LockedClocks& locked,
                                           const std::optional<WindowMedians>& medians);

}  // namespace edgeopt::hardware
