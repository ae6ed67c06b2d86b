// Reproducible conditions: the clocks fixed while something is measured, and set back afterwards.
//
// A Jetson: `jetson_clocks`, in the power mode that was asked for. All others: the governor
// "performance" on every CPU. Before the first change, the state is written into a journal
// (lock_journal.h); whenever the process dies, UnlockClocks sets everything back from it. Locking
// is all or nothing: where one part fails, the others are set back at once.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

struct LockItem {
  std::string name;  // "rights", "journal", "power mode", "clocks", "CPU 0"
  bool ok = false;
  std::string detail;  // what was found or done, or what went wrong
  std::string remedy;  // when not ok: what to do about it; may be empty
};

struct LockReport {
  bool ok = false;  // LockClocks: the clocks are locked. UnlockClocks: all is as before.
  std::vector<LockItem> items;
};

// What stands beside a measurement: empty when the clocks were locked, else "clocks not locked: "
// and the first item that failed.
std::string LockLabel(const LockReport& report);

struct LockOptions {
  std::filesystem::path journal_folder;
  std::optional<int> power_mode;  // a Jetson's, by nvpmodel's id; nullopt: the one that is set
};

// Clocks that are fixed already need no rights and no journal. A journal that is there already
// stays as it is: it holds the state before the first lock. Not for several threads at a time.
LockReport LockClocks(const Host& host, const LockOptions& options);

// Sets back what the journal says, reads it again, and removes the journal once all of it holds. Ok
// when there is no journal.
LockReport UnlockClocks(const Host& host, const std::filesystem::path& journal_folder);

nlohmann::json ToJson(const LockReport& report);
// BadInput for a field of the wrong type or one that is not known.
Result<LockReport> LockReportFromJson(const nlohmann::json& json);

}  // namespace edgeopt::hardware
