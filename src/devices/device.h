// Device profiles: what a device runs best, and whether the machine that measures is one. One file
// per device in profiles/, found by the build.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "measure/machine.h"

namespace edgeopt::devices {

// One row of the table; returned by the function that has the file's name.
struct Device {
  std::string_view name;     // as on the command line: "raspberry-pi-5"
  std::string_view title;    // for people: "Raspberry Pi 5"
  std::string_view format;   // the one that it runs best: "onnx", "tflite", "tensorrt"
  std::string_view runtime;  // that executes this format: "onnxruntime", "litert", "tensorrt"
  std::string_view why;      // why this format
  bool any_format = false;   // runs other formats well too: --format any
  // How its board names itself in the device tree begins so; empty: every machine is one.
  std::string_view board;
};

std::span<const Device> Table();
// Usage error, listing the known ones, for an unknown name.
Result<const Device*> FindDevice(std::string_view name);

// The device decides the format: kUnsupported, with the reason, for another one. "any" lets what is
// measured decide, where the device takes several.
Status CheckFormat(const Device& device, std::string_view format);

// True when `machine` is such a device.
bool IsDevice(const Device& device, const measure::Machine& machine);

// The most specific profile that `machine` is one of.
const Device& RecognizeDevice(const measure::Machine& machine);

// What stands beside latencies that were measured on `machine` (this one, unless told): empty on
// the device itself.
inline constexpr std::string_view kHostEstimate = "Host Estimate (not target hardware)";
std::string LatencyLabel(const Device& device,
                         const measure::Machine& machine = measure::ReadMachine());

}  // namespace edgeopt::devices
