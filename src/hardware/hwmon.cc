#include "hardware/hwmon.h"

#include <vector>

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxChannels = 16;

std::vector<fs::path> HwmonFolders(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const NumberedEntry& entry : NumberedEntries(root / "sys/class/hwmon", "hwmon"))
    folders.push_back(entry.path);
  return folders;
}

std::string NameOf(const fs::path& folder) { return ReadText(folder / "name").value_or(""); }

// An INA3221's channels; Jetson guides: in1_label names the rail, in1_input is mV, curr1_input mA.
// Channels 4 to 6 are shunt voltages, 7 their sum: they have no current of their own.
void ReadIna3221(const fs::path& folder, std::map<std::string, double>& rails) {
  for (int i = 1; i <= 3; ++i) {
    const std::string channel = std::to_string(i);
    const auto label = ReadText(folder / ("in" + channel + "_label"));
    if (!label || label->empty() || *label == "NC") continue;
    const auto millivolts = ReadInteger(folder / ("in" + channel + "_input"));
    const auto milliamperes = ReadInteger(folder / ("curr" + channel + "_input"));
    if (millivolts && milliamperes)
      rails[*label] = static_cast<double>(*millivolts) * static_cast<double>(*milliamperes) / 1000;
  }
}

void ReadPowerInputs(const fs::path& folder, const std::string& name,
                     std::map<std::string, double>& rails) {
  for (int i = 1; i <= kMaxChannels; ++i) {
    const std::string channel = "power" + std::to_string(i);
    const auto microwatts = ReadInteger(folder / (channel + "_input"));
    if (!microwatts) return;
    const auto label = ReadText(folder / (channel + "_label"));
    rails[label && !label->empty() ? *label : name + " " + channel] =
        static_cast<double>(*microwatts) / 1000;
  }
}

}  // namespace

std::map<std::string, double> ReadPowerRails(const fs::path& root) {
  std::map<std::string, double> rails;
  for (const fs::path& folder : HwmonFolders(root)) {
    const std::string name = NameOf(folder);
    if (name == "ina3221")
      ReadIna3221(folder, rails);
    else
      ReadPowerInputs(folder, name, rails);
  }
  return rails;
}

Fan ReadFan(const fs::path& root) {
  Fan fan;
  for (const fs::path& folder : HwmonFolders(root)) {
    if (!fan.rpm) fan.rpm = ReadInteger(folder / "fan1_input");
    if (!fan.rpm) fan.rpm = ReadInteger(folder / "rpm");
    if (!fan.pwm) fan.pwm = ReadInteger(folder / "pwm1");
  }
  return fan;
}

std::map<std::string, int64_t> ReadOverCurrentEvents(const fs::path& root) {
  std::map<std::string, int64_t> events;
  for (const fs::path& folder : HwmonFolders(root)) {
    if (NameOf(folder) != "soctherm_oc") continue;
    for (const std::string name : {"oc1", "oc2", "oc3"})
      if (const auto count = ReadInteger(folder / (name + "_event_cnt"))) events[name] = *count;
  }
  return events;
}

}  // namespace edgeopt::hardware
