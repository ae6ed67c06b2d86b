// Shared, immutable bytes: on the heap, inside another object, or in a memory-mapped file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace edgeopt {

// A view of bytes plus shared ownership of whatever holds them. Copies are cheap and share the
// bytes; the bytes never change while any copy lives, so reading from several threads is safe.
class Buffer {
 public:
  Buffer() = default;

  static Buffer Own(std::vector<std::byte> bytes);
  static Buffer Own(std::string bytes);
  static Buffer Copy(const void* data, size_t size_bytes);
  // `keep_alive` owns `data`.
  static Buffer Share(std::shared_ptr<const void> keep_alive, const void* data, size_t size_bytes);
  // Maps `length` bytes of `path` from `offset` read-only (any offset; page alignment is handled
  // here). BadInput when the range leaves the file, Unavailable when the file can't be opened.
  static Result<Buffer> Map(const std::filesystem::path& path, uint64_t offset, uint64_t length);
  // Maps the whole file. An empty file gives an empty buffer.
  static Result<Buffer> Map(const std::filesystem::path& path);

  template <typename T>
  static Buffer FromVector(const std::vector<T>& values) {
    return Copy(values.data(), values.size() * sizeof(T));
  }

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // A part of this buffer that shares its ownership. Requires offset + length <= size().
  Buffer Slice(size_t offset, size_t length) const;
  // Of a mapped file: gives the memory of these bytes back to the system, until they are read
  // again. Whoever streams through a file that may be large calls it behind himself. Nothing for
  // bytes on the heap.
  void ReleasePages() const;

 private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;  // the bytes are a file's pages
};

}  // namespace edgeopt
