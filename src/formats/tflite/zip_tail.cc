// Only the fields that hold positions are touched (PKWARE's APPNOTE.TXT, 4.3.12 and 4.3.16): the
// local header of each entry of the central directory, and the directory itself.
#include "formats/tflite/zip_tail.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace edgeopt::formats::tflite::internal {
namespace {

constexpr uint32_t kEndSignature = 0x06054b50, kEntrySignature = 0x02014b50;
constexpr size_t kEndBytes = 22, kEntryBytes = 46, kLargestComment = 0xFFFF;
constexpr size_t kEntryLocalOffset = 42, kEndDirectoryBytes = 12, kEndDirectoryOffset = 16;

// Little-endian, as every machine that edgeopt runs on.
template <typename T>
T Get(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

struct Directory {
  size_t begin = 0, end = 0;  // positions in the file; the end record is at `end`
  uint64_t declared = 0;      // where the end record says that it begins
};

// The end record is behind the directory, and its comment ends the file.
std::optional<Directory> FindDirectory(std::span<const std::byte> file) {
  if (file.size() < kEndBytes) return std::nullopt;
  const size_t last = file.size() - kEndBytes;
  for (size_t back = 0; back <= std::min(last, kLargestComment); ++back) {
    const size_t at = last - back;
    const std::byte* end = file.data() + at;
    if (Get<uint32_t>(end) != kEndSignature || Get<uint16_t>(end + 20) != back) continue;
    const uint32_t bytes = Get<uint32_t>(end + kEndDirectoryBytes);
    if (bytes > at) return std::nullopt;
    return Directory{at - bytes, at, Get<uint32_t>(end + kEndDirectoryOffset)};
  }
  return std::nullopt;
}

// Calls `visit` with the position of each entry of the directory; false when one is broken.
template <typename Visit>
bool ForEachEntry(std::span<const std::byte> file, const Directory& directory, Visit visit) {
  size_t at = directory.begin;
  while (at < directory.end) {
    if (directory.end - at < kEntryBytes) return false;
    const std::byte* entry = file.data() + at;
    if (Get<uint32_t>(entry) != kEntrySignature) return false;
    const size_t bytes = kEntryBytes + Get<uint16_t>(entry + 28) + Get<uint16_t>(entry + 30) +
                         Get<uint16_t>(entry + 32);
    if (bytes > directory.end - at) return false;
    visit(at);
    at += bytes;
  }
  return true;
}

// Adds `delta` to every position in `archive`, whose directory is given.
std::string Shifted(std::span<const std::byte> archive, const Directory& directory, int64_t delta) {
  std::string bytes(reinterpret_cast<const char*>(archive.data()), archive.size());
  const auto shift = [&](size_t at) {
    const auto moved = static_cast<uint32_t>(Get<uint32_t>(archive.data() + at) + delta);
    std::memcpy(bytes.data() + at, &moved, sizeof moved);
  };
  ForEachEntry(archive, directory, [&](size_t at) { shift(at + kEntryLocalOffset); });
  shift(directory.end + kEndDirectoryOffset);
  return bytes;
}

}  // namespace

Result<Buffer> TakeZipTail(const Buffer& file) {
  const auto directory = FindDirectory(file.bytes());
  if (!directory) return Buffer();
  uint64_t first = directory->declared;
  const bool sound = ForEachEntry(file.bytes(), *directory, [&](size_t at) {
    first = std::min<uint64_t>(first, Get<uint32_t>(file.data() + at + kEntryLocalOffset));
  });
  // Bytes that only look like an archive are nobody's.
  if (!sound) return Buffer();
  if (directory->declared == std::numeric_limits<uint32_t>::max())
    return Unsupported("the zip archive behind the model is in zip64 form",
                       "pack its files without zip64");
  // Some programs count from the archive's first byte, some from the file's.
  const uint64_t archive_bytes = directory->declared - first + (file.size() - directory->begin);
  if (archive_bytes > file.size()) return Buffer();
  const size_t start = file.size() - archive_bytes;
  const Buffer archive = file.Slice(start, archive_bytes);
  const Directory inside{directory->begin - start, directory->end - start, directory->declared};
  return Buffer::Own(Shifted(archive.bytes(), inside, -static_cast<int64_t>(first)));
}

Result<std::string> PlaceZipTail(const Buffer& archive, uint64_t start) {
  const auto directory = FindDirectory(archive.bytes());
  if (!directory || !ForEachEntry(archive.bytes(), *directory, [](size_t) {}))
    return BadInput("what is to follow the model is not a zip archive");
  if (start + archive.size() >= std::numeric_limits<uint32_t>::max())
    return Unsupported("a zip archive can't follow a model of " + std::to_string(start) +
                           " bytes: its positions have 32 bits",
                       "leave the associated files out");
  return Shifted(archive.bytes(), *directory, static_cast<int64_t>(start));
}

}  // namespace edgeopt::formats::tflite::internal
