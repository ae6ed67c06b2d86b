#include "hardware/clock_holder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

fs::path KeptFile(const fs::path& folder) { return folder / "clocks-kept"; }

bool LockFile(int fd, int operation) {
  while (::flock(fd, operation) != 0)
    if (errno != EINTR) return false;
  return true;
}

}  // namespace

Result<ClockHolder> ClockHolder::Take(const fs::path& journal_folder) {
  std::error_code ec;
  fs::create_directories(journal_folder, ec);
  const fs::path file = journal_folder / "clock-holders";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Unavailable("can't write '" + file.string() + "': " + std::strerror(errno));
  ClockHolder holder(fd);
  if (!LockFile(fd, LOCK_SH))
    return Unavailable("can't lock '" + file.string() + "': " + std::strerror(errno));
  return holder;
}

ClockHolder::ClockHolder(ClockHolder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ClockHolder& ClockHolder::operator=(ClockHolder&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

ClockHolder::~ClockHolder() {
  if (fd_ >= 0) ::close(fd_);
}

// Where two ask at a time, the kernel takes the shared lock from both before it gives the exclusive
// one to either, so one of them is the last.
bool ClockHolder::IsLast() { return fd_ >= 0 && LockFile(fd_, LOCK_EX | LOCK_NB); }

Status KeepClocksLocked(const fs::path& journal_folder) {
  return WriteFile(KeptFile(journal_folder), "");
}

bool ClocksAreKeptLocked(const fs::path& journal_folder) {
  std::error_code ec;
  return fs::exists(KeptFile(journal_folder), ec);
}

Status ForgetKeptClocks(const fs::path& journal_folder) {
  std::error_code ec;
  fs::remove(KeptFile(journal_folder), ec);
  if (!ec) return OkStatus();
  return CantWrite("can't remove '" + KeptFile(journal_folder).string() + "': " + ec.message());
}

}  // namespace edgeopt::hardware
