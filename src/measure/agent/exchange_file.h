// The files of the exchange folder: one is written again and again by one side, and read by the
// other.
#pragma once

#include <filesystem>
#include <optional>

#include "base/buffer.h"
#include "base/result.h"
#include "measure/agent/tensor_codec.h"

namespace edgeopt::measure {

inline constexpr const char* kInputsFile = "inputs";
inline constexpr const char* kOutputsFile = "outputs";

class ExchangeFile {
 public:
  // For the side that writes: the file is created, readable by this user alone.
  static Result<ExchangeFile> Create(const std::filesystem::path& path);
  // For the side that reads.
  static Result<ExchangeFile> Open(const std::filesystem::path& path);
  ExchangeFile(ExchangeFile&& other) noexcept;
  ExchangeFile& operator=(ExchangeFile&& other) noexcept;
  ~ExchangeFile();

  // Unavailable when the disk is full.
  Status Write(const Payload& payload);
  // A copy of the bytes: what the other side does to the file later can't change or break it.
  // BadInput when the file does not hold them.
  Result<Buffer> Read(uint64_t offset, uint64_t size_bytes) const;

 private:
  ExchangeFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::filesystem::path path_;
};

}  // namespace edgeopt::measure
