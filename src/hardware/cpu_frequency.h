// How the CPUs' clocks are governed: Linux's cpufreq, one folder per CPU.
// https://docs.kernel.org/admin-guide/pm/cpufreq.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

struct CpuFrequency {
  int cpu = 0;
  std::string governor;                // empty: not known
  std::vector<std::string> available;  // governors
  // What the governor asks for now, which the firmware need not give.
  std::optional<int64_t> requested_khz;
  // What the driver reads from the hardware; often for root only.
  std::optional<int64_t> hardware_khz;
  std::optional<int64_t> min_khz, max_khz;  // the governor's limits
};

// The CPUs that are online and have a cpufreq folder, in order.
std::vector<CpuFrequency> ReadCpuFrequencies(const std::filesystem::path& root = "/");
std::optional<CpuFrequency> ReadCpuFrequency(const std::filesystem::path& root, int cpu);

// The file that holds a CPU's governor.
std::filesystem::path GovernorFile(const std::filesystem::path& root, int cpu);

// Sets it and reads it back. BadInput for a governor that the CPU does not offer, Unavailable
// without the rights or when the driver does not keep it. CPUs of one cluster share their governor.
Status SetGovernor(const Host& host, int cpu, const std::string& governor);
// Sets the lower limit and reads it back.
Status SetMinFrequency(const Host& host, int cpu, int64_t khz);

}  // namespace edgeopt::hardware
