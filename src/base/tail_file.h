// A file that keeps the end of what is appended to it: a log of a program that may say anything, at
// any length.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace edgeopt {

class TailFile {
 public:
  // Made at the first text, its folder too; where a file of that name is there, the name gets a
  // number: "log-2.txt". Above `max_bytes` the older half goes, up to the end of a line.
  explicit TailFile(std::filesystem::path path, size_t max_bytes = size_t{4} << 20)
      : path_(std::move(path)), max_bytes_(max_bytes) {}
  TailFile(const TailFile&) = delete;
  TailFile& operator=(const TailFile&) = delete;
  ~TailFile();

  // What can't be written is dropped, and all that comes later: nobody ends for a log.
  void Append(std::string_view text);
  // Whether there is a file.
  bool written() const { return written_; }
  // Its name, final once it is written.
  const std::filesystem::path& path() const { return path_; }

 private:
  bool Open();
  void DropOlderHalf();

  std::filesystem::path path_;
  size_t max_bytes_, size_bytes_ = 0;
  int fd_ = -1;
  bool written_ = false, failed_ = false;
};

}  // namespace edgeopt
