#include "hardware/thermal.h"

#include <map>

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

// Colder and hotter than any sensor of a running board: Jetsons tell -256 for one that is off.
constexpr double kColdest = -100, kHottest = 250;

}  // namespace

std::vector<ThermalZone> ReadThermalZones(const std::filesystem::path& root) {
  std::vector<ThermalZone> zones;
  std::map<std::string, int> uses;
  for (const NumberedEntry& entry : NumberedEntries(root / "sys/class/thermal", "thermal_zone")) {
    ThermalZone zone;
    zone.name = ReadText(entry.path / "type").value_or("");
    if (zone.name.empty()) zone.name = entry.path.filename().string();
    const int use = ++uses[zone.name];
    if (use > 1) zone.name += " " + std::to_string(use);
    if (const auto millidegrees = ReadInteger(entry.path / "temp")) {
      const double celsius = static_cast<double>(*millidegrees) / 1000;
      if (celsius > kColdest && celsius < kHottest) zone.celsius = celsius;
    }
    zones.push_back(std::move(zone));
  }
  return zones;
}

}  // namespace edgeopt::hardware
