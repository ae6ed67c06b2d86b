// Files: whole reads, atomic writes (temporary name, fsync, rename), temporary folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgeopt {

// The whole file as text. Unavailable when it can't be opened or read.
Result<std::string> ReadFile(const std::filesystem::path& path);

// How an existing file at the target is treated.
enum class Overwrite { kReplace, kRefuse };

// A file that appears under its name only when Commit() succeeds: written beside it under a
// temporary name, synced, renamed. Destroyed without Commit() it leaves nothing behind.
class OutputFile {
 public:
  static Result<OutputFile> Create(const std::filesystem::path& path,
                                   Overwrite overwrite = Overwrite::kReplace);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // Unavailable (with the disk's own word) when the disk is full or the folder read-only.
  Status Write(const void* data, size_t size_bytes);
  Status Write(std::string_view text) { return Write(text.data(), text.size()); }
  uint64_t size_bytes() const { return written_; }
  Status Commit();

 private:
  OutputFile() = default;
  int fd_ = -1;
  uint64_t written_ = 0;
  Overwrite overwrite_ = Overwrite::kReplace;
  std::filesystem::path path_, temporary_;
};

Status WriteFile(const std::filesystem::path& path, std::string_view content,
                 Overwrite overwrite = Overwrite::kReplace);

// A new private folder, removed with its content on destruction.
class TemporaryFolder {
 public:
  // Below `parent`, or below the system's folder for temporary files when empty.
  static Result<TemporaryFolder> Create(const std::filesystem::path& parent = {});
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  TemporaryFolder() = default;
  std::filesystem::path path_;
};

}  // namespace edgeopt
