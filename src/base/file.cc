#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace edgeopt {
namespace fs = std::filesystem;
namespace {

Error WriteError(const fs::path& path, int error) {
  const char* hint = error == ENOSPC ? "free disk space or choose another folder"
                     : error == EROFS || error == EACCES ? "choose a folder that you may write to"
                                                         : "";
  return CantWrite("can't write '" + path.string() + "': " + std::strerror(error), hint);
}

// Renames, but never over an existing file. Returns 0 or the error number.
int RenameIfAbsent(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // Not on network file systems. There link() refuses an existing target.
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

// So that the rename itself survives a power cut.
void SyncFolderOf(const fs::path& path) {
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

Result<std::string> ReadFile(const fs::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr)
    return Unavailable("can't open '" + path.string() + "': " + std::strerror(errno));
  std::string content;
  char chunk[1 << 16];
  size_t got = 0;
  while ((got = std::fread(chunk, 1, sizeof chunk, file)) > 0) content.append(chunk, got);
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  std::fclose(file);
  if (failed) return Unavailable("can't read '" + path.string() + "': " + std::strerror(error));
  return content;
}

Result<OutputFile> OutputFile::Create(const fs::path& path, Overwrite overwrite) {
  static std::atomic<unsigned> counter{0};
  std::error_code ec;
  if (overwrite == Overwrite::kRefuse && fs::exists(path, ec))
    return UsageError("'" + path.string() + "' exists already", "choose another output name");
  OutputFile file;
  file.overwrite_ = overwrite;
  file.path_ = path;
  file.temporary_ = path;
  file.temporary_ += ".tmp." + std::to_string(::getpid()) + "." + std::to_string(counter++);
  file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.fd_ < 0) return WriteError(path, errno);
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      written_(other.written_),
      overwrite_(other.overwrite_),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)) {}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status OutputFile::Write(const void* data, size_t size_bytes) {
  const char* next = static_cast<const char*>(data);
  size_t left = size_bytes;
  while (left > 0) {
    const ssize_t wrote = ::write(fd_, next, left);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return WriteError(path_, errno);
    next += wrote;
    left -= static_cast<size_t>(wrote);
  }
  written_ += size_bytes;
  return OkStatus();
}

Status OutputFile::Commit() {
  if (::fsync(fd_) != 0 && errno != EINVAL) return WriteError(path_, errno);
  const bool refuse = overwrite_ == Overwrite::kRefuse;
  int error = 0;
  if (refuse)
    error = RenameIfAbsent(temporary_, path_);
  else if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    error = errno;
  if (error == EEXIST && refuse)
    return UsageError("'" + path_.string() + "' exists already", "choose another output name");
  if (error != 0) return WriteError(path_, error);
  ::close(std::exchange(fd_, -1));
  SyncFolderOf(path_);
  return OkStatus();
}

Status WriteFile(const fs::path& path, std::string_view content, Overwrite overwrite) {
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path, overwrite));
  EDGEOPT_CHECK_OK(file.Write(content));
  return file.Commit();
}

Result<TemporaryFolder> TemporaryFolder::Create(const fs::path& parent) {
  std::error_code ec;
  const fs::path base = parent.empty() ? fs::temp_directory_path(ec) : parent;
  std::string pattern = (base / "edgeopt-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return WriteError(pattern, errno);
  TemporaryFolder folder;
  folder.path_ = pattern;
  return folder;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ec;
  if (!path_.empty()) fs::remove_all(path_, ec);
}

}  // namespace edgeopt
