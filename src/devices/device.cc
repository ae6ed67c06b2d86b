#include "devices/device.h"

#include <algorithm>

namespace edgeopt::devices {

Result<const Device*> FindDevice(std::string_view name) {
  std::string known;
  for (const Device& device : Table()) {
    if (device.name == name) return &device;
    known += (known.empty() ? "" : ", ") + std::string(device.name);
  }
  return UsageError("unknown device '" + std::string(name) + "'", "known: " + known);
}

Status CheckFormat(const Device& device, std::string_view format) {
  if (format == device.format || (format == "any" && device.any_format)) return OkStatus();
  return Unsupported("a " + std::string(device.title) + " is not given " + std::string(format) +
                         ": " + std::string(device.why),
                     "use the format " + std::string(device.format) + ", or another device");
}

int DefaultThreads(const Device& device, int usable_cpus) {
  return device.threads == 0 ? usable_cpus : std::min(device.threads, usable_cpus);
}

bool IsDevice(const Device& device, const measure::Machine& machine) {
  return device.board.empty() || machine.board.find(device.board) != std::string::npos;
}

const Device& RecognizeDevice(const measure::Machine& machine) {
  const Device* found = nullptr;
  for (const Device& device : Table())
    if (IsDevice(device, machine) &&
        (found == nullptr || device.board.size() > found->board.size()))
      found = &device;
  return *found;  // every machine is a cpu-generic
}

std::string LatencyLabel(const Device& device, const measure::Machine& machine) {
  return IsDevice(device, machine) ? std::string() : std::string(kHostEstimate);
}

}  // namespace edgeopt::devices
