// Device profiles: what a device runs best, and whether the machine that measures is one. One file
// per device in profiles/, found by the build.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "measure/machine.h"

namespace edgeopt::devices {

// Calibration samples for ranges that are stable on a device's kernels.
struct CalibrationCounts {
  int64_t usual;  // unless the user says how many
  int64_t most;   // more change nothing
};

// One row of the table; returned by the function that has the file's name. Lists are words with
// spaces between them.
struct Device {
  std::string_view name;    // as on the command line: "raspberry-pi-5"
  std::string_view title;   // for people: "Raspberry Pi 5"
  std::string_view format;  // the one that it runs best, and so its plan (pipeline/plan.h): "onnx",
                            // "tflite", "tensorrt"
  std::string_view runtime;  // that executes this format: "onnxruntime", "litert", "tensorrt"
  std::string_view why;      // why this format
  bool any_format = false;   // runs other formats well too: --format any
  // How its board names itself in the device tree contains this; empty: every machine is one.
  std::string_view board;
  std::string_view precisions;  // that it gains by: "fp32 fp16 int8"
  // Where Q and DQ go (passes/quantize/rules.h): "litert", "tensorrt"; "onnxruntime" is that of the
  // machine's architecture.
  std::string_view rules;
  CalibrationCounts calibration = {200, 500};
  int threads = 0;  // of the runtime, unless the user says it: its cores; 0: one per usable CPU
  // Of a Jetson, as nvpmodel calls them. Which there are, and their numbers, differ between memory
  // sizes and releases of JetPack: the board itself tells that ('edgeopt device probe').
  std::string_view power_modes;
  std::string_view thermal_zones;       // whose temperatures matter, as Linux calls them
  std::string_view compute_capability;  // of its GPU, as CUDA counts: "8.7"
  int dla_cores = 0;                    // deep learning accelerators, of its largest variant
};

std::span<const Device> Table();
// Usage error, listing the known ones, for an unknown name.
Result<const Device*> FindDevice(std::string_view name);

// The device decides the format: kUnsupported, with the reason, for another one. "any" lets what is
// measured decide, where the device takes several.
Status CheckFormat(const Device& device, std::string_view format);

// Threads of the runtime on a machine with so many usable CPUs, unless the user says it.
int DefaultThreads(const Device& device, int usable_cpus);

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
