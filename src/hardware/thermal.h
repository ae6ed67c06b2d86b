// Temperatures, as Linux's thermal zones tell them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace edgeopt::hardware {

struct ThermalZone {
  std::string name;               // its `type`: "cpu-thermal", "gpu-thermal", "tj-thermal"
  std::optional<double> celsius;  // nullopt: the sensor is off (a Jetson's GPU at rest)
};

// /sys/class/thermal/thermal_zone*/{type,temp}; `temp` is in millidegrees. A second zone of one
// name is called "name 2".
std::vector<ThermalZone> ReadThermalZones(const std::filesystem::path& root = "/");

}  // namespace edgeopt::hardware
