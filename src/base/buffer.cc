#include "base/buffer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace edgeopt {

Buffer Buffer::Share(std::shared_ptr<const void> keep_alive, const void* data, size_t size_bytes) {
  Buffer buffer;
  buffer.owner_ = std::move(keep_alive);
  buffer.data_ = static_cast<const std::byte*>(data);
  buffer.size_ = size_bytes;
  return buffer;
}

Buffer Buffer::Own(std::vector<std::byte> bytes) {
  auto holder = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return Share(holder, holder->data(), holder->size());
}

Buffer Buffer::Own(std::string bytes) {
  auto holder = std::make_shared<const std::string>(std::move(bytes));
  return Share(holder, holder->data(), holder->size());
}

Buffer Buffer::Copy(const void* data, size_t size_bytes) {
  const auto* first = static_cast<const std::byte*>(data);
  return Own(std::vector<std::byte>(first, first + size_bytes));
}

Buffer Buffer::Slice(size_t offset, size_t length) const {
  if (offset > size_ || length > size_ - offset) std::abort();
  Buffer slice = Share(owner_, data_ + offset, length);
  slice.mapped_ = mapped_;
  return slice;
}

void Buffer::ReleasePages() const {
  if (!mapped_ || empty()) return;
  // Pages that other slices share may go with them: the mapping is read-only and has them back at
  // the next access.
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const size_t before = reinterpret_cast<uintptr_t>(data_) % page;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  ::madvise(const_cast<std::byte*>(data_ - before), before + size_, MADV_DONTNEED);
}

Result<Buffer> Buffer::Map(const std::filesystem::path& path) {
  std::error_code ec;
  const uint64_t size = std::filesystem::file_size(path, ec);
  if (ec) return Unavailable("can't open '" + path.string() + "': " + ec.message());
  return Map(path, 0, size);
}

Result<Buffer> Buffer::Map(const std::filesystem::path& path, uint64_t offset, uint64_t length) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unavailable("can't open '" + path.string() + "': " + std::strerror(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return BadInput("'" + path.string() + "' is not a regular file");
  }
  const auto file_size = static_cast<uint64_t>(info.st_size);
  if (offset > file_size || length > file_size - offset) {
    ::close(fd);
    return BadInput("'" + path.string() + "': bytes " + std::to_string(offset) + " to " +
                    std::to_string(offset) + " + " + std::to_string(length) +
                    " are outside the file of " + std::to_string(file_size) + " bytes");
  }
  if (length == 0) {
    ::close(fd);
    return Buffer();
  }
  const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t start = offset / page * page;
  const size_t mapped = static_cast<size_t>(length + (offset - start));
  void* address = ::mmap(nullptr, mapped, PROT_READ, MAP_PRIVATE, fd, static_cast<off_t>(start));
  const int error = errno;
  ::close(fd);
  if (address == MAP_FAILED)
    return Unavailable("can't map '" + path.string() + "': " + std::strerror(error));
  std::shared_ptr<const void> owner(address, [mapped](const void* mapping) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    ::munmap(const_cast<void*>(mapping), mapped);
  });
  Buffer buffer = Share(std::move(owner), static_cast<const std::byte*>(address) + (offset - start),
                        static_cast<size_t>(length));
  buffer.mapped_ = true;
  return buffer;
}

}  // namespace edgeopt
