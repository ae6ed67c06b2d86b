// Facts about the machine that measures, and what about it makes numbers doubtful. Read from files
// below a root that tests can fake.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::measure {

// Empty, 0 or nullopt: not known.
struct Machine {
  std::string cpu_model;     // "AMD EPYC", "Cortex-A76"
  std::string architecture;  // "x86_64", "aarch64"
  int logical_cpus = 0;      // online
  int usable_cpus = 0;       // that this process may run on
  double cpu_quota = 0;      // CPUs' worth of time that the container may use; 0: no limit
  // What matters to kernels: avx2, avx512f, avx512_vnni, avx_vnni, f16c, avx512_fp16, amx_int8;
  // asimddp, asimdhp, i8mm, bf16, sve - in /proc/cpuinfo's words.
  std::vector<std::string> cpu_features;
  std::string governor;       // of the first CPU
  std::optional<bool> boost;  // clocks above the nominal one are allowed
  int64_t max_frequency_khz = 0;
  std::optional<double> load_1min;
  int64_t memory_bytes = 0, memory_available_bytes = 0;
  std::string kernel, os;  // "6.1.0-18-amd64", "Debian GNU/Linux 12 (bookworm)"
  std::string board;       // device-tree model, "Raspberry Pi 5 Model B Rev 1.0"
  std::string container;   // "docker", "podman", "lxc", "container"
  bool virtual_machine = false;

  bool Has(std::string_view feature) const;
  // x86 without VNNI adds two products of 8-bit numbers in 16 bits, which can saturate: int8
  // weights then need 7 bits.
  bool saturates_in_int8() const;
};

Machine ReadMachine(const std::filesystem::path& root = "/");

struct MachineWarning {
  std::string text, remedy;
};
// What makes latencies measured on it vary or mislead, for a person, with what to do about it.
// `threads`: how many the measured model uses.
std::vector<MachineWarning> MachineWarnings(const Machine& machine, int threads);

nlohmann::json ToJson(const Machine& machine);
// BadInput for a field of the wrong type.
Result<Machine> MachineFromJson(const nlohmann::json& json);

}  // namespace edgeopt::measure
