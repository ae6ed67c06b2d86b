#include "formats/pt2/archive.h"

#include <zlib.h>

#include <algorithm>

namespace edgeopt::formats::pt2 {
namespace {

constexpr uint64_t kEndRecord = 22, kLargestComment = 0xFFFF;
constexpr uint64_t kZip64Locator = 20, kZip64EndRecord = 56;
constexpr uint64_t kDirectoryEntry = 46, kLocalHeader = 30;
constexpr uint32_t kEndSignature = 0x06054B50, kZip64LocatorSignature = 0x07064B50,
                   kZip64EndSignature = 0x06064B50, kEntrySignature = 0x02014B50,
                   kLocalSignature = 0x04034B50;
constexpr uint64_t kInZip64 = 0xFFFFFFFF;  // the field of 32 bits says: see the ZIP64 record
constexpr uint16_t kZip64Extra = 0x0001;
constexpr uint16_t kEncrypted = 1;

Error Broken(const std::string& what) {
  return BadInput("the archive is broken: " + what,
                  "the file is truncated or damaged; fetch or export it again");
}

}  // namespace

uint64_t Archive::Get(uint64_t offset, int size_bytes) const {
  uint64_t value = 0;
  for (int i = 0; i < size_bytes; ++i)
    value |= std::to_integer<uint64_t>(bytes_.data()[offset + static_cast<uint64_t>(i)]) << (8 * i);
  return value;
}

Result<Archive::Directory> Archive::FindDirectory() const {
  if (bytes_.size() < kEndRecord) return Broken("it has no end record");
  const uint64_t last = bytes_.size() - kEndRecord;
  for (uint64_t back = 0; back <= std::min(last, kLargestComment); ++back)
    if (Get(last - back, 4) == kEndSignature && Get(last - back + 20, 2) == back)
      return ZipDirectory(last - back);
  return Broken("it has no end record");
}

Result<Archive::Directory> Archive::ZipDirectory(uint64_t end_record) const {
  Directory directory{Get(end_record + 16, 4), Get(end_record + 12, 4), Get(end_record + 10, 2)};
  const bool zip64 =
      end_record >= kZip64Locator && Get(end_record - kZip64Locator, 4) == kZip64LocatorSignature;
  if (zip64) {
    const uint64_t record = Get(end_record - kZip64Locator + 8, 8);
    if (!Inside(record, kZip64EndRecord) || Get(record, 4) != kZip64EndSignature)
      return Broken("its ZIP64 end record is not where the locator says");
    directory = {Get(record + 48, 8), Get(record + 40, 8), Get(record + 32, 8)};
  }
  if (!Inside(directory.offset, directory.size_bytes) ||
      directory.count > directory.size_bytes / kDirectoryEntry)
    return Broken("its directory leaves the file");
  return directory;
}

// Returns where the next entry of the directory begins.
Result<uint64_t> Archive::AddEntry(uint64_t at, uint64_t end) {
  if (end - at < kDirectoryEntry || Get(at, 4) != kEntrySignature)
    return Broken("an entry of its directory has no signature");
  const uint64_t name_bytes = Get(at + 28, 2), extra_bytes = Get(at + 30, 2);
  const uint64_t next = kDirectoryEntry + name_bytes + extra_bytes + Get(at + 32, 2);
  if (next > end - at) return Broken("an entry leaves its directory");
  Entry entry;
  entry.flags = static_cast<uint16_t>(Get(at + 8, 2));
  entry.method = static_cast<uint16_t>(Get(at + 10, 2));
  entry.crc = static_cast<uint32_t>(Get(at + 16, 4));
  entry.size_bytes = Get(at + 24, 4);
  entry.header_offset = Get(at + 42, 4);
  const uint64_t stored_bytes = Get(at + 20, 4);
  std::string name(bytes_.text().substr(at + kDirectoryEntry, name_bytes));
  // The ZIP64 field has the numbers that have no room, in this order (APPNOTE 4.5.3).
  uint64_t extra = at + kDirectoryEntry + name_bytes;
  const uint64_t extra_end = extra + extra_bytes;
  while (extra_end - extra >= 4) {
    const uint64_t id = Get(extra, 2), size = Get(extra + 2, 2);
    extra += 4;
    if (size > extra_end - extra) break;  // padding that other programs leave
    uint64_t field = extra;
    const auto take = [&](uint64_t& value) {
      if (value != kInZip64 || extra + size - field < 8) return;
      value = Get(field, 8);
      field += 8;
    };
    if (id == kZip64Extra) {
      uint64_t skipped = stored_bytes;
      take(entry.size_bytes);
      take(skipped);
      take(entry.header_offset);
    }
    extra += size;
  }
  entries_.emplace(std::move(name), entry);
  return at + next;
}

// All entries lie below one folder, which is named after the file.
void Archive::DropFolder() {
  if (entries_.empty()) return;
  const std::string& first = entries_.begin()->first;
  const size_t slash = first.find('/');
  if (slash == std::string::npos) return;
  const std::string folder = first.substr(0, slash + 1);
  std::map<std::string, Entry, std::less<>> below;
  for (const auto& [name, entry] : entries_) {
    if (!name.starts_with(folder)) return;
    below.emplace(name.substr(folder.size()), entry);
  }
  entries_ = std::move(below);
}

Result<Archive> Archive::Open(const Buffer& bytes) {
  Archive archive;
  archive.bytes_ = bytes;
  EDGEOPT_TRY(const Directory directory, archive.FindDirectory());
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.count; ++i) {
    EDGEOPT_TRY(at, archive.AddEntry(at, directory.offset + directory.size_bytes));
  }
  archive.DropFolder();
  return archive;
}

Result<Buffer> Archive::Read(std::string_view name) const {
  const auto found = entries_.find(name);
  const std::string where = "'" + std::string(name) + "'";
  if (found == entries_.end()) return Broken("it has no " + where);
  const Entry& entry = found->second;
  if ((entry.flags & kEncrypted) != 0) return Unsupported(where + " in the archive is encrypted");
  if (entry.method != 0)
    return Unsupported(where + " in the archive is compressed (method " +
                           std::to_string(entry.method) + "); torch.export.save stores",
                       "save the program again with torch.export.save");
  if (!Inside(entry.header_offset, kLocalHeader) || Get(entry.header_offset, 4) != kLocalSignature)
    return Broken(where + " is not where its directory says");
  const uint64_t start = entry.header_offset + kLocalHeader + Get(entry.header_offset + 26, 2) +
                         Get(entry.header_offset + 28, 2);
  if (!Inside(start, entry.size_bytes)) return Broken("it ends inside of " + where);
  const Buffer content = bytes_.Slice(start, entry.size_bytes);
  const auto crc = static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
  if (crc != entry.crc) return Broken("the checksum of " + where + " is wrong");
  return content;
}

std::vector<std::string> Archive::Names(std::string_view prefix) const {
  std::vector<std::string> names;
  for (auto it = entries_.lower_bound(prefix); it != entries_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    names.push_back(it->first);
  }
  return names;
}

}  // namespace edgeopt::formats::pt2
