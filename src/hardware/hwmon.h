// The sensors of Linux's hwmon: power by rail, fans, and a Jetson's over-current events.
// https://docs.kernel.org/hwmon/sysfs-interface.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace edgeopt::hardware {

// Power now in mW, by rail: voltage (mV) times current (mA) of each labelled channel of an INA3221
// ("VDD_IN", "VDD_CPU_GPU_CV"), and what other monitors tell as power1_input (uW). Channels that
// are not connected ("NC") and the INA3221's sums are left out.
std::map<std::string, double> ReadPowerRails(const std::filesystem::path& root = "/");

struct Fan {
  std::optional<int64_t> rpm;  // fan1_input
  std::optional<int64_t> pwm;  // pwm1, 0 to 255: off to full
};
// Of the first fan that turns or can be set; a Jetson Thor tells the two in different folders.
Fan ReadFan(const std::filesystem::path& root = "/");

// Of the hwmon folder `soctherm_oc`: how often each over-current alarm throttled since boot, "oc1"
// to "oc3" from oc1_event_cnt to oc3_event_cnt. Only differences say something about a run.
std::map<std::string, int64_t> ReadOverCurrentEvents(const std::filesystem::path& root = "/");

}  // namespace edgeopt::hardware
