#include "measure/agent/exchange_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace edgeopt::measure {
namespace {

Result<int> OpenAt(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) return fd;
  return Unavailable("can't open the exchange file '" + path.string() +
                     "': " + std::strerror(errno));
}

}  // namespace

Result<ExchangeFile> ExchangeFile::Create(const std::filesystem::path& path) {
  EDGEOPT_TRY(const int fd, OpenAt(path, O_RDWR | O_CREAT | O_EXCL));
  return ExchangeFile(fd, path);
}

Result<ExchangeFile> ExchangeFile::Open(const std::filesystem::path& path) {
  EDGEOPT_TRY(const int fd, OpenAt(path, O_RDONLY));
  return ExchangeFile(fd, path);
}

ExchangeFile::ExchangeFile(ExchangeFile&& other) noexcept { *this = std::move(other); }

ExchangeFile& ExchangeFile::operator=(ExchangeFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

ExchangeFile::~ExchangeFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status ExchangeFile::Write(const Payload& payload) {
  for (const Payload::Part& part : payload.parts) {
    size_t done = 0;
    while (done < part.data.size()) {
      const ssize_t wrote = ::pwrite(fd_, part.data.data() + done, part.data.size() - done,
                                     static_cast<off_t>(part.offset + done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0)
        return Unavailable("can't write '" + path_.string() + "': " + std::strerror(errno),
                           errno == ENOSPC ? "free disk space, or use smaller batches" : "");
      done += static_cast<size_t>(wrote);
    }
  }
  return OkStatus();
}

Result<Buffer> ExchangeFile::Read(uint64_t offset, uint64_t size_bytes) const {
  struct stat info {};
  const bool known = ::fstat(fd_, &info) == 0 && info.st_size >= 0;
  const uint64_t held = known ? static_cast<uint64_t>(info.st_size) : 0;
  if (offset > held || size_bytes > held - offset)
    return BadInput("the exchange file of " + std::to_string(held) + " bytes does not hold " +
                    std::to_string(size_bytes) + " from " + std::to_string(offset));
  const auto bytes = std::make_shared_for_overwrite<std::byte[]>(size_bytes);
  size_t done = 0;
  while (done < size_bytes) {
    const ssize_t got =
        ::pread(fd_, bytes.get() + done, size_bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Unavailable("can't read the exchange file '" + path_.string() + "'");
    done += static_cast<size_t>(got);
  }
  return Buffer::Share(bytes, bytes.get(), size_bytes);
}

}  // namespace edgeopt::measure
