#include "frameworks/install_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace edgeopt::frameworks {

Result<InstallLock> InstallLock::Acquire(const std::filesystem::path& folder,
                                         const std::string& what, Sink& sink,
                                         const CancelToken* cancel) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::filesystem::path path = folder / ".lock";
  // Not O_CLOEXEC: see the header.
  const int fd = error ? -1 : ::open(path.c_str(), O_RDWR | O_CREAT, 0666);
  if (fd < 0)
    return CantWrite(
        "can't write '" + path.string() + "': " + (error ? error.message() : std::strerror(errno)),
        "choose a folder that you may write to: EDGEOPT_CACHE");
  InstallLock lock(fd);
  bool told = false;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return CantWrite("can't lock '" + path.string() + "': " + std::strerror(errno),
                       "choose a folder on a local disk: EDGEOPT_CACHE");
    if (!std::exchange(told, true))
      sink.Note("waiting for another process that installs in '" + folder.string() + "', before " +
                what);
    if (cancel != nullptr && cancel->cancelled()) return Interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return lock;
}

InstallLock::~InstallLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace edgeopt::frameworks
