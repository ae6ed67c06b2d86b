// NVIDIA's `jetson_clocks`: a script that sets the lower limit of a Jetson's CPU, GPU and memory
// clocks to the upper one of the power mode, so that they no longer vary. All of it needs root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

// One line of `jetson_clocks --show`.
struct EngineClock {
  std::string name;  // "cpu0", "GPU", "EMC" (memory), "DLA0_CORE"
  bool online = true;
  std::string governor;  // of CPUs
  // CPUs in kHz, all others in Hz.
  std::optional<int64_t> min, max, current;
};

// "cpu0: Online=1 Governor=schedutil MinFreq=729600 MaxFreq=1728000 CurrentFreq=1420800 IdleStates:
// WFI=1 c7=1", "GPU MinFreq=306000000 MaxFreq=…"; "Online=" may be missing. Other lines are not
// clocks.
std::vector<EngineClock> ParseJetsonClocks(std::string_view output);
// The online CPUs and the GPU, where told, can't vary: at least one clock, and no lower limit below
// its upper one. (The memory's is held at its top without moving its lower limit.)
bool ClocksAreLocked(const std::vector<EngineClock>& clocks);

Result<std::vector<EngineClock>> ShowJetsonClocks(const Programs& programs);
// `--store FILE`: writes how the clocks are set now into a file, which must not exist, and changes
// nothing. Returns what it wrote: lines "path:value".
Result<std::string> StoreJetsonClocks(const Programs& programs, const std::filesystem::path& file);
// Sets the clocks to the top.
Status LockJetsonClocks(const Programs& programs);
// `--restore FILE`.
Status RestoreJetsonClocks(const Programs& programs, const std::filesystem::path& file);

}  // namespace edgeopt::hardware
