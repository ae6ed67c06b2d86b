// Who wants the clocks locked: processes share one lock, and the last one that ends sets it back.
//
// Each holds flock(2)'s shared lock on a file beside the journal. The kernel lets go of it when a
// process dies, in whatever way, so a killed one never counts: the next that locks and ends sets
// the clocks back from its journal. A lock that is to outlive all of them is marked by a file.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace edgeopt::hardware {

class ClockHolder {
 public:
  // Makes the folder where needed; waits while another process sets the clocks back. Unavailable
  // when the folder can't be written to.
  static Result<ClockHolder> Take(const std::filesystem::path& journal_folder);
  ClockHolder(ClockHolder&& other) noexcept;
  ClockHolder& operator=(ClockHolder&& other) noexcept;
  ~ClockHolder();

  // No process holds the clocks besides this one, and none can begin to until this one is gone.
  // False: this one holds them no longer.
  bool IsLast();

 private:
  explicit ClockHolder(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// 'edgeopt device lock': the lock stays when its last holder ends.
Status KeepClocksLocked(const std::filesystem::path& journal_folder);
bool ClocksAreKeptLocked(const std::filesystem::path& journal_folder);
// Fine when they are not kept.
Status ForgetKeptClocks(const std::filesystem::path& journal_folder);

}  // namespace edgeopt::hardware
