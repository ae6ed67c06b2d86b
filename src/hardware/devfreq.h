// A Jetson's GPU, as Linux's devfreq tells it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace edgeopt::hardware {

struct GpuClock {
  std::string name;  // of its device-tree node: gv11b (Xavier), gp10b (TX2), ga10b or gpu (Orin)
  std::string governor;  // "nvhost_podgov"
  std::optional<int64_t> current_hz, min_hz, max_hz;
  std::optional<double> load_percent;  // 0 to 100 of the time
};

// The device of /sys/class/devfreq/ whose device/of_node/name is one of a Jetson's GPUs; its load,
// in per mille, is device/load. nullopt where there is none.
std::optional<GpuClock> ReadGpuClock(const std::filesystem::path& root = "/");

}  // namespace edgeopt::hardware
