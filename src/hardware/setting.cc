#include "hardware/setting.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

Error SettingError(const fs::path& path, int error) {
  return Unavailable("can't write '" + path.string() + "': " + std::strerror(error),
                     error == EACCES || error == EPERM || error == EROFS
                         ? "run as root, or allow sudo without a password for this user and board"
                         : "");
}

// 0, or the error number.
int WriteDirectly(const fs::path& path, const std::string& value) {
  // /sys ignores the truncation; a fake tree of plain files needs it.
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t wrote = ::write(fd, value.data(), value.size());
  const int error = wrote < 0 ? errno : static_cast<size_t>(wrote) < value.size() ? EIO : 0;
  ::close(fd);
  return error;
}

}  // namespace

Status WriteSetting(const Programs& programs, const fs::path& path, const std::string& value) {
  const int error = WriteDirectly(path, value);
  if (error == 0) return OkStatus();
  if ((error != EACCES && error != EPERM) || !programs.sudo || IsRoot())
    return SettingError(path, error);
  const auto wrote =
      RunProgram(programs, "tee", {path.string()}, {.as_root = true, .input = value});
  if (!wrote.ok()) return wrote.error();
  if (wrote->status.ok()) return OkStatus();
  return Unavailable("can't write '" + path.string() + "' with sudo: " + LastWords(*wrote));
}

Status CanWriteSetting(const Programs& programs, const fs::path& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0) return OkStatus();
  const int error = errno;
  if ((error != EACCES && error != EPERM) || !programs.sudo || IsRoot())
    return SettingError(path, error);
  return CanBeRoot(programs);
}

}  // namespace edgeopt::hardware
