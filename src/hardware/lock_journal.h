// How the clocks were set before edgeopt locked them: a file on the device from which they are set
// back, also after the process that locked them was killed or the board was restarted.
//
// Format: JSON, `{"format": "edgeopt clock journal", "version": 1, …}` with the fields below.
// Written under a temporary name, synced, renamed, and never over another one: what stands in it is
// the state before the first lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

struct PreviousCpu {
  int64_t cpu = 0;
  std::string governor;
  std::optional<int64_t> min_khz;
};

struct PreviousState {
  std::optional<int64_t> power_mode;  // nvpmodel's id
  std::string jetson_clocks;          // what `jetson_clocks --store` wrote; empty: not used
  std::vector<PreviousCpu> cpus;      // that were online
  std::optional<int64_t> gpu_min_hz;
};
// Upper limits are not in it: locking leaves them alone, and one that was read on a hot board would
// be the cooling's, not the user's.

// The journal's file in its folder. The folder should be the user's own: what it says is written to
// /sys with root's rights.
std::filesystem::path JournalFile(const std::filesystem::path& folder);

// How CPUs and GPU are set now.
PreviousState ReadClockState(const std::filesystem::path& root);

// nullopt when there is none; BadInput when it can't be understood.
Result<std::optional<PreviousState>> ReadJournal(const std::filesystem::path& folder);
// Makes the folder where needed. UsageError when there is a journal already.
Status WriteJournal(const std::filesystem::path& folder, const PreviousState& state);
// Unavailable when it can't be removed.
Status RemoveJournal(const std::filesystem::path& folder);

}  // namespace edgeopt::hardware
