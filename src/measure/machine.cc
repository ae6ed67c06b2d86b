#include "measure/machine.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "base/file.h"

namespace edgeopt::measure {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFeatures[] = {
    "sse4_1",      "avx",      "avx2",        "fma",         "f16c",     "avx512f", "avx512bw",
    "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "asimd",   "asimdhp",
    "asimddp",     "i8mm",     "bf16",        "sve",         "sve2"};

// CPU parts of ARM Ltd. (implementer 0x41) that boards of today have; Linux, arch/arm64 cputype.h.
constexpr std::pair<std::string_view, std::string_view> kArmParts[] = {
    {"0xd03", "Cortex-A53"}, {"0xd05", "Cortex-A55"},   {"0xd07", "Cortex-A57"},
    {"0xd08", "Cortex-A72"}, {"0xd09", "Cortex-A73"},   {"0xd0a", "Cortex-A75"},
    {"0xd0b", "Cortex-A76"}, {"0xd0c", "Neoverse-N1"},  {"0xd40", "Neoverse-V1"},
    {"0xd41", "Cortex-A78"}, {"0xd42", "Cortex-A78AE"}, {"0xd49", "Neoverse-N2"}};

std::string Trimmed(std::string text) {
  // The device tree ends its texts with NUL.
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\0'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  size_t first = 0;
  while (first < text.size() && blank(text[first])) ++first;
  return text.substr(first);
}

// A file's text without blanks around it; empty when there is no such file.
std::string Text(const fs::path& path) {
  auto content = ReadFile(path);
  return content.ok() ? Trimmed(std::move(content).value()) : std::string();
}

std::optional<double> Number(const std::string& text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

int64_t Integer(const std::string& text) {
  return static_cast<int64_t>(std::clamp(Number(text).value_or(0), 0.0, 9e15));
}

// "key : value" lines; the first of equal keys counts.
std::map<std::string, std::string> KeyValues(const std::string& text, char separator) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find(separator);
    if (at != std::string::npos)
      values.emplace(Trimmed(line.substr(0, at)), Trimmed(line.substr(at + 1)));
  }
  return values;
}

// How many numbers "0-3,6" names.
int CountList(const std::string& list) {
  int count = 0;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t dash = part.find('-');
    const int64_t first = Integer(part.substr(0, dash));
    const int64_t last = dash == std::string::npos ? first : Integer(part.substr(dash + 1));
    if (last >= first && last - first < 65536) count += static_cast<int>(last - first + 1);
  }
  return count;
}

void ReadCpu(const fs::path& root, Machine& machine) {
  const auto info = KeyValues(Text(root / "proc/cpuinfo"), ':');
  const auto value = [&](const char* key) {
    const auto found = info.find(key);
    return found == info.end() ? std::string() : found->second;
  };
  machine.cpu_model = value("model name");
  for (const auto& [part, name] : kArmParts)
    if (machine.cpu_model.empty() && value("CPU implementer") == "0x41" &&
        value("CPU part") == part)
      machine.cpu_model = name;
  const bool arm = info.contains("Features");
  machine.architecture = arm ? "aarch64" : info.contains("flags") ? "x86_64" : "";
  std::istringstream flags(arm ? value("Features") : value("flags"));
  for (std::string flag; flags >> flag;) {
    machine.virtual_machine |= flag == "hypervisor";
    if (std::find(std::begin(kFeatures), std::end(kFeatures), flag) != std::end(kFeatures))
      machine.cpu_features.push_back(flag);
  }
  std::sort(machine.cpu_features.begin(), machine.cpu_features.end());
  machine.logical_cpus = CountList(Text(root / "sys/devices/system/cpu/online"));
  const auto status = KeyValues(Text(root / "proc/self/status"), ':');
  const auto allowed = status.find("Cpus_allowed_list");
  machine.usable_cpus = machine.logical_cpus;
  if (allowed != status.end()) {
    const int usable = CountList(allowed->second);
    if (usable > 0 && (usable < machine.usable_cpus || machine.usable_cpus == 0))
      machine.usable_cpus = usable;
  }
}

void ReadClocks(const fs::path& root, Machine& machine) {
  const fs::path cpu = root / "sys/devices/system/cpu";
  machine.governor = Text(cpu / "cpu0/cpufreq/scaling_governor");
  machine.max_frequency_khz = Integer(Text(cpu / "cpu0/cpufreq/scaling_max_freq"));
  const std::string no_turbo = Text(cpu / "intel_pstate/no_turbo");
  const std::string boost = Text(cpu / "cpufreq/boost");
  if (!no_turbo.empty())
    machine.boost = no_turbo == "0";
  else if (!boost.empty())
    machine.boost = boost == "1";
}

void ReadQuota(const fs::path& root, Machine& machine) {
  // Control groups version 2, then version 1: "QUOTA PERIOD" in microseconds, "max" or -1: none.
  std::istringstream v2(Text(root / "sys/fs/cgroup/cpu.max"));
  std::string quota, period;
  if (!(v2 >> quota >> period)) {
    quota = Text(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    period = Text(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us");
  }
  const double used = Number(quota).value_or(0), of = Number(period).value_or(0);
  if (used > 0 && of > 0) machine.cpu_quota = used / of;
}

void ReadSystem(const fs::path& root, Machine& machine) {
  const std::string load = Text(root / "proc/loadavg");
  machine.load_1min = Number(load.substr(0, load.find(' ')));
  const auto memory = KeyValues(Text(root / "proc/meminfo"), ':');
  if (const auto total = memory.find("MemTotal"); total != memory.end())
    machine.memory_bytes = Integer(total->second) * 1024;
  if (const auto available = memory.find("MemAvailable"); available != memory.end())
    machine.memory_available_bytes = Integer(available->second) * 1024;
  machine.kernel = Text(root / "proc/sys/kernel/osrelease");
  const auto release = KeyValues(Text(root / "etc/os-release"), '=');
  if (const auto name = release.find("PRETTY_NAME"); name != release.end()) {
    machine.os = name->second;
    std::erase(machine.os, '"');
  }
  machine.board = Text(root / "proc/device-tree/model");
  std::error_code ec;
  const std::string kind = Text(root / "run/systemd/container");
  const std::string groups = Text(root / "proc/1/cgroup");
  if (!kind.empty())
    machine.container = kind;
  else if (fs::exists(root / ".dockerenv", ec) || groups.find("docker") != std::string::npos)
    machine.container = "docker";
  else if (fs::exists(root / "run/.containerenv", ec))
    machine.container = "podman";
  else if (groups.find("kubepods") != std::string::npos || groups.find("lxc") != std::string::npos)
    machine.container = "container";
}

std::string WithTwoDecimals(double value) {
  std::ostringstream text;
  text.precision(2);
  text << std::fixed << value;
  return text.str();
}

}  // namespace

bool Machine::saturates_in_int8() const {
  return architecture == "x86_64" && !Has("avx512_vnni") && !Has("avx_vnni");
}

bool Machine::Has(std::string_view feature) const {
  return std::find(cpu_features.begin(), cpu_features.end(), feature) != cpu_features.end();
}

Machine ReadMachine(const fs::path& root) {
  Machine machine;
  ReadCpu(root, machine);
  ReadClocks(root, machine);
  ReadQuota(root, machine);
  ReadSystem(root, machine);
  return machine;
}

std::vector<MachineWarning> MachineWarnings(const Machine& machine, int threads) {
  std::vector<MachineWarning> warnings;
  if (!machine.governor.empty() && machine.governor != "performance")
    warnings.push_back({"the CPU's clock follows the load (governor '" + machine.governor + "')",
                        "sudo cpupower frequency-set -g performance"});
  if (machine.governor.empty())
    warnings.push_back({"the CPU's clock control can't be seen here, so that it may vary",
                        "measure outside of a virtual machine or container if you can"});
  if (machine.boost.value_or(false))
    warnings.push_back({"the CPU may boost its clock, more when it is cool or idle",
                        machine.cpu_model.find("Intel") != std::string::npos
                            ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
                            : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"});
  const double cpus = machine.cpu_quota > 0
                          ? std::min<double>(machine.cpu_quota, machine.usable_cpus)
                          : machine.usable_cpus;
  // Half a CPU's worth of other work, or more work than CPUs are left beside the model.
  if (machine.load_1min &&
      *machine.load_1min > std::max(0.5, static_cast<double>(machine.logical_cpus - threads)))
    warnings.push_back({"other programs keep the machine busy (load " +
                            WithTwoDecimals(*machine.load_1min) + " on " +
                            std::to_string(machine.logical_cpus) + " CPUs)",
                        "stop them, or trust interleaved comparisons only"});
  if (cpus > 0 && threads > cpus)
    warnings.push_back(
        {std::to_string(threads) + " threads share " + WithTwoDecimals(cpus) + " CPUs",
         "use --threads " + std::to_string(std::max(1, static_cast<int>(cpus)))});
  if (machine.memory_bytes > 0 && machine.memory_available_bytes < machine.memory_bytes / 10)
    warnings.push_back({"only " + std::to_string(machine.memory_available_bytes >> 20) +
                            " MiB of memory are free: the system may swap",
                        "stop other programs"});
  return warnings;
}

}  // namespace edgeopt::measure
