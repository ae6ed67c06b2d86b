#include "hardware/devfreq.h"

#include <algorithm>
#include <vector>

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kGpuNodes[] = {"gv11b", "gp10b", "ga10b", "gpu"};

bool IsGpuNode(std::string_view name) {
  return std::find(std::begin(kGpuNodes), std::end(kGpuNodes), name) != std::end(kGpuNodes);
}

}  // namespace

std::optional<GpuClock> ReadGpuClock(const fs::path& root) {
  std::vector<fs::path> devices;
  std::error_code ec;
  for (fs::directory_iterator next(root / "sys/class/devfreq", ec), end; !ec && next != end;
       next.increment(ec))
    devices.push_back(next->path());
  std::sort(devices.begin(), devices.end());
  for (const fs::path& device : devices) {
    const auto name = ReadText(device / "device/of_node/name");
    if (!name || !IsGpuNode(*name)) continue;
    GpuClock clock;
    clock.name = *name;
    clock.governor = ReadText(device / "governor").value_or("");
    clock.current_hz = ReadInteger(device / "cur_freq");
    clock.min_hz = ReadInteger(device / "min_freq");
    clock.max_hz = ReadInteger(device / "max_freq");
    const auto per_mille = ReadInteger(device / "device/load");
    if (per_mille && *per_mille >= 0 && *per_mille <= 1000)
      clock.load_percent = static_cast<double>(*per_mille) / 10;
    return clock;
  }
  return std::nullopt;
}

}  // namespace edgeopt::hardware
