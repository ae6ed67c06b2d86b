#include "base/tail_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/file.h"

namespace edgeopt {
namespace fs = std::filesystem;
namespace {

constexpr int kMostNames = 1000;  // of files that were there before

int OpenToAppend(const fs::path& path, int flags) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
}

}  // namespace

TailFile::~TailFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool TailFile::Open() {
  std::error_code error;
  fs::create_directories(path_.parent_path(), error);
  const fs::path first = path_;
  for (int number = 2; number < kMostNames; ++number) {
    fd_ = OpenToAppend(path_, O_CREAT | O_EXCL);
    if (fd_ >= 0 || errno != EEXIST) break;
    path_ = first.parent_path() /
            (first.stem().string() + "-" + std::to_string(number) + first.extension().string());
  }
  written_ = fd_ >= 0;
  return written_;
}

void TailFile::Append(std::string_view text) {
  if (failed_ || text.empty()) return;
  if (fd_ < 0 && !Open()) {
    failed_ = true;
    return;
  }
  size_bytes_ += text.size();
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd_, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      failed_ = true;
      return;
    }
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  if (size_bytes_ > max_bytes_) DropOlderHalf();
}

// Replaces the file as a whole, so that it is there whenever this process ends.
void TailFile::DropOlderHalf() {
  const auto content = ReadFile(path_);
  const size_t kept_bytes = max_bytes_ / 2;
  if (!content.ok() || content->size() <= kept_bytes) {
    failed_ = true;  // somebody else writes to it or took it away
    return;
  }
  size_t begin = content->size() - kept_bytes;
  const size_t newline = content->find('\n', begin);
  if (newline != std::string::npos && newline + 1 < content->size()) begin = newline + 1;
  const std::string kept = "[what was written before is left out]\n" + content->substr(begin);
  ::close(fd_);
  fd_ = WriteFile(path_, kept).ok() ? OpenToAppend(path_, 0) : -1;
  failed_ = fd_ < 0;
  size_bytes_ = kept.size();
}

}  // namespace edgeopt
