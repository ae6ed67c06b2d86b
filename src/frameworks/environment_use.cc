#include "frameworks/environment_use.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

constexpr const char* kUsedFile = "edgeopt-used";
// Who only looks (IsInUse) holds it for a moment.
constexpr int kTries = 10;

int64_t ModifiedAt(const fs::path& path) {
  struct stat facts = {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<int64_t>(facts.st_mtime) : 0;
}

// False: others hold it. A file that can't be locked at all is held by nobody.
bool LocksAlone(int fd) {
  return fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

}  // namespace

std::shared_ptr<const EnvironmentUse> EnvironmentUse::Begin(const fs::path& folder) {
  const fs::path path = folder / kUsedFile;
  // Not O_CLOEXEC: see the header.
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0666);
  if (fd < 0) fd = ::open(path.c_str(), O_RDONLY);
  std::shared_ptr<const EnvironmentUse> use(new EnvironmentUse(fd));
  if (fd < 0) return use;
  for (int tries = 0; ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++tries) {
    if (tries == kTries) return nullptr;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::futimens(fd, nullptr);
  return use;
}

std::shared_ptr<const EnvironmentUse> EnvironmentUse::TakeAlone(const fs::path& folder) {
  const int fd = ::open((folder / kUsedFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  std::shared_ptr<const EnvironmentUse> use(new EnvironmentUse(fd));
  return LocksAlone(fd) ? use : nullptr;
}

EnvironmentUse::~EnvironmentUse() {
  if (fd_ >= 0) ::close(fd_);
}

bool IsInUse(const fs::path& folder) {
  const int fd = ::open((folder / kUsedFile).c_str(), O_RDONLY | O_CLOEXEC);
  const bool alone = LocksAlone(fd);
  if (fd >= 0) ::close(fd);
  return !alone;
}

int64_t LastUsed(const fs::path& folder) {
  return std::max(ModifiedAt(folder / kUsedFile), ModifiedAt(folder));
}

}  // namespace edgeopt::frameworks
