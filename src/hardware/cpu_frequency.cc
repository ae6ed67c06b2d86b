#include "hardware/cpu_frequency.h"

#include <algorithm>

#include "hardware/setting.h"
#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

fs::path CpufreqFolder(const fs::path& root, int cpu) {
  return root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)) / "cpufreq";
}

std::string CpuName(int cpu) { return "CPU " + std::to_string(cpu); }

std::string JoinedWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

}  // namespace

fs::path GovernorFile(const fs::path& root, int cpu) {
  return CpufreqFolder(root, cpu) / "scaling_governor";
}

std::optional<CpuFrequency> ReadCpuFrequency(const fs::path& root, int cpu) {
  const fs::path folder = CpufreqFolder(root, cpu);
  std::error_code ec;
  if (!fs::is_directory(folder, ec)) return std::nullopt;
  // cpu0 often has no such file: it can't be switched off.
  if (ReadInteger(folder.parent_path() / "online").value_or(1) == 0) return std::nullopt;
  CpuFrequency frequency;
  frequency.cpu = cpu;
  frequency.governor = ReadText(folder / "scaling_governor").value_or("");
  const std::string available = ReadText(folder / "scaling_available_governors").value_or("");
  for (const std::string_view name : Split(available, ' '))
    if (!name.empty()) frequency.available.emplace_back(name);
  frequency.requested_khz = ReadInteger(folder / "scaling_cur_freq");
  frequency.hardware_khz = ReadInteger(folder / "cpuinfo_cur_freq");
  frequency.min_khz = ReadInteger(folder / "scaling_min_freq");
  frequency.max_khz = ReadInteger(folder / "scaling_max_freq");
  return frequency;
}

std::vector<CpuFrequency> ReadCpuFrequencies(const fs::path& root) {
  std::vector<CpuFrequency> frequencies;
  for (const NumberedEntry& entry : NumberedEntries(root / "sys/devices/system/cpu", "cpu"))
    if (auto frequency = ReadCpuFrequency(root, entry.number))
      frequencies.push_back(std::move(*frequency));
  return frequencies;
}

Status SetGovernor(const Host& host, int cpu, const std::string& governor) {
  const auto before = ReadCpuFrequency(host.root, cpu);
  if (!before) return Unavailable(CpuName(cpu) + " has no cpufreq governor, or is offline");
  if (before->governor == governor) return OkStatus();
  const auto& available = before->available;
  if (!available.empty() &&
      std::find(available.begin(), available.end(), governor) == available.end())
    return BadInput(CpuName(cpu) + " has no governor '" + governor + "'; it offers " +
                    JoinedWords(available));
  EDGEOPT_CHECK_OK(WriteSetting(host.programs, GovernorFile(host.root, cpu), governor));
  const auto after = ReadCpuFrequency(host.root, cpu);
  if (after && after->governor == governor) return OkStatus();
  return Unavailable(CpuName(cpu) + " did not take the governor '" + governor + "'; it says '" +
                     (after ? after->governor : "") + "'");
}

Status SetMinFrequency(const Host& host, int cpu, int64_t khz) {
  const auto before = ReadCpuFrequency(host.root, cpu);
  if (!before) return Unavailable(CpuName(cpu) + " has no cpufreq limits, or is offline");
  if (before->min_khz == khz) return OkStatus();
  EDGEOPT_CHECK_OK(WriteSetting(host.programs, CpufreqFolder(host.root, cpu) / "scaling_min_freq",
                                std::to_string(khz)));
  const auto after = ReadCpuFrequency(host.root, cpu);
  if (after && after->min_khz == khz) return OkStatus();
  return Unavailable(CpuName(cpu) + " did not take the lower limit " + std::to_string(khz) +
                     " kHz; it says " +
                     (after && after->min_khz ? std::to_string(*after->min_khz) + " kHz"
                                              : std::string("nothing")));
}

}  // namespace edgeopt::hardware
