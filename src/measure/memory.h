// Resident memory of a process, from /proc. The paths are handed in so that tests can fake them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace edgeopt::measure {

struct ProcessMemory {
  int64_t resident_bytes = 0;  // VmRSS
  int64_t peak_bytes = 0;      // VmHWM: the largest VmRSS since the start or the last ResetPeak
};
Result<ProcessMemory> ReadProcessMemory(const std::filesystem::path& proc = "/proc/self");

// Lets the peak begin anew at the present size (proc(5), clear_refs). False where the kernel or a
// container does not allow it; the peak then counts from the start of the process.
bool ResetPeak(const std::filesystem::path& proc = "/proc/self");

// What a model costs in memory: the peak of the process that ran it, and the size of that process
// before it loaded the model.
struct MemoryUsage {
  int64_t peak_bytes = 0, empty_bytes = 0, now_bytes = 0;
  int64_t above_empty_bytes() const { return peak_bytes - empty_bytes; }
};

}  // namespace edgeopt::measure
