// A Jetson's power mode: which CPUs and engines are on, and how fast they may run. Set with
// NVIDIA's `nvpmodel`; it outlasts a restart.
// https://docs.nvidia.com/jetson/archives/r36.3/DeveloperGuide/SD/PlatformPowerAndPerformance.html
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

struct PowerMode {
  int id = 0;
  std::string name;  // "MAXN", "15W", "MODE_30W"
};

// `nvpmodel -q`: "NV Power Mode: MAXN", and the id on the next line. Lines before ("NVPM WARN: fan
// mode is not set!") and after do not matter: for who is not root, lines "NVPM ERROR: Error opening
// …: 13" follow a good answer.
std::optional<PowerMode> ParsePowerMode(std::string_view output);
// The modes of nvpmodel.conf: "< POWER_MODEL ID=0 NAME=MAXN >", attributes in either order; lines
// that begin with # are comments.
std::vector<PowerMode> ParsePowerModes(std::string_view config);

// Of /etc/nvpmodel.conf; empty when it can't be read.
std::vector<PowerMode> ReadPowerModes(const std::filesystem::path& root = "/");
// Unavailable when there is no nvpmodel or it does not say.
Result<PowerMode> QueryPowerMode(const Programs& programs);
// `nvpmodel -m ID` as root, then asks which mode holds. nvpmodel is known to end with exit code 0
// behind a line "NVPM ERROR"; and some changes need a restart, for which it asks: it gets no answer
// and the mode stays. Both are Unavailable, with nvpmodel's words. Nothing happens when the mode
// holds already.
Status SetPowerMode(const Programs& programs, int id);

}  // namespace edgeopt::hardware
