// The ZIP format: PKWARE's APPNOTE 6.3.9, with ZIP64 (4.3.14, 4.5.3).
#include "data/npz.h"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "data/inflate.h"
#include "ir/npy.h"

namespace edgeopt::data {
namespace {

struct Entry {
  std::string name;
  int method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, size = 0, local_offset = 0;
};

class Archive {
 public:
  explicit Archive(const Buffer& file) : file_(file), text_(file.text()) {}

  Result<std::vector<Entry>> Directory() {
    EDGEOPT_CHECK_OK(FindDirectory());
    std::vector<Entry> entries;
    uint64_t at = directory_, total = 0;
    for (uint64_t i = 0; i < count_; ++i) {
      EDGEOPT_TRY(Entry entry, ReadEntry(&at));
      // Members that overlap would inflate the same bytes again and again.
      total += entry.compressed;
      if (entry.compressed > text_.size() || total > text_.size())
        return BadInput("the archive's members are larger than the archive");
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  Result<Buffer> Content(const Entry& entry) const {
    constexpr uint64_t kLocalHeader = 30;
    if (!Inside(entry.local_offset, kLocalHeader) || Get(entry.local_offset, 4) != 0x04034B50)
      return BadInput("its header is not where the archive's directory says");
    const uint64_t start = entry.local_offset + kLocalHeader + Get(entry.local_offset + 26, 2) +
                           Get(entry.local_offset + 28, 2);
    if (!Inside(start, entry.compressed)) return BadInput("the archive ends inside of it");
    const Buffer stored =
        file_.Slice(static_cast<size_t>(start), static_cast<size_t>(entry.compressed));
    if (entry.method == 0) {
      if (entry.size != entry.compressed) return BadInput("its two sizes differ");
      return stored;  // the checksum would read all of a file that is only mapped
    }
    if (entry.method != 8)
      return Unsupported(
          "its compression method " + std::to_string(entry.method) + " is not supported",
          "write it with numpy.savez or numpy.savez_compressed");
    Inflater inflater(stored.bytes(), Compression::kRawDeflate);
    EDGEOPT_TRY(Buffer content, inflater.ReadBuffer(entry.size));
    EDGEOPT_CHECK_OK(inflater.End());
    const auto* bytes = reinterpret_cast<const Bytef*>(content.data());
    if (crc32_z(0, bytes, content.size()) != entry.crc) return BadInput("its checksum is wrong");
    return content;
  }

 private:
  bool Inside(uint64_t offset, uint64_t size) const {
    return offset <= text_.size() && size <= text_.size() - offset;
  }
  // Little endian. Requires that the bytes are inside.
  uint64_t Get(uint64_t offset, int bytes) const {
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;)
      value = value << 8 | static_cast<uint8_t>(text_[static_cast<size_t>(offset) + i]);
    return value;
  }

  // The end record is the last thing in the file but for a comment of up to 64 KiB.
  Status FindDirectory() {
    constexpr uint64_t kEnd = 22, kLocator = 20, kEnd64 = 56;
    const size_t end = text_.rfind("PK\x05\x06");
    if (end == std::string_view::npos || !Inside(end, kEnd))
      return BadInput("not a whole .npz file: it has no archive directory");
    count_ = Get(end + 10, 2);
    directory_ = Get(end + 16, 4);
    if (count_ == 0xFFFF || directory_ == 0xFFFFFFFF) {
      if (end < kLocator || Get(end - kLocator, 4) != 0x07064B50)
        return BadInput("not a whole .npz file: its ZIP64 record is missing");
      const uint64_t record = Get(end - kLocator + 8, 8);
      if (!Inside(record, kEnd64) || Get(record, 4) != 0x06064B50)
        return BadInput("not a whole .npz file: its ZIP64 record is not where it should be");
      count_ = Get(record + 32, 8);
      directory_ = Get(record + 48, 8);
    }
    return OkStatus();
  }

  Result<Entry> ReadEntry(uint64_t* at) const {
    constexpr uint64_t kHeader = 46;
    const Error cut = BadInput("the archive's directory is damaged");
    if (!Inside(*at, kHeader) || Get(*at, 4) != 0x02014B50) return cut;
    Entry entry;
    const uint64_t flags = Get(*at + 8, 2), name_size = Get(*at + 28, 2);
    const uint64_t extra_size = Get(*at + 30, 2), comment_size = Get(*at + 32, 2);
    entry.method = static_cast<int>(Get(*at + 10, 2));
    entry.crc = static_cast<uint32_t>(Get(*at + 16, 4));
    entry.compressed = Get(*at + 20, 4);
    entry.size = Get(*at + 24, 4);
    entry.local_offset = Get(*at + 42, 4);
    *at += kHeader;
    if (!Inside(*at, name_size + extra_size + comment_size)) return cut;
    entry.name = text_.substr(static_cast<size_t>(*at), static_cast<size_t>(name_size));
    if (flags & 1) return Unsupported("member '" + entry.name + "' is encrypted");
    *at += name_size;
    if (!ReadZip64(*at, *at + extra_size, &entry)) return cut;
    *at += extra_size + comment_size;
    return entry;
  }

  // Fields that did not fit into 32 bits stand in extra field 1, in this order.
  bool ReadZip64(uint64_t at, uint64_t end, Entry* entry) const {
    while (at + 4 <= end) {
      const uint64_t id = Get(at, 2), size = Get(at + 2, 2);
      at += 4;
      if (size > end - at) return false;
      uint64_t field = at;
      at += size;
      if (id != 1) continue;
      for (uint64_t* value : {&entry->size, &entry->compressed, &entry->local_offset}) {
        if (*value != 0xFFFFFFFF) continue;
        if (field + 8 > at) return false;
        *value = Get(field, 8);
        field += 8;
      }
    }
    return true;
  }

  const Buffer& file_;
  std::string_view text_;
  uint64_t count_ = 0, directory_ = 0;
};

}  // namespace

Result<std::vector<NpzMember>> ReadNpz(const Buffer& file) {
  Archive archive(file);
  EDGEOPT_TRY(const std::vector<Entry> entries, archive.Directory());
  std::vector<NpzMember> members;
  std::set<std::string> names;
  for (const Entry& entry : entries) {
    if (!entry.name.ends_with(".npy")) continue;  // numpy.load hands others out as bytes
    auto content = archive.Content(entry);
    if (!content.ok()) return content.error().Within("member '" + entry.name + "'");
    const std::string name = entry.name.substr(0, entry.name.size() - 4);
    if (!names.insert(name).second) return BadInput("two members are named '" + name + "'");
    members.push_back({name, *std::move(content)});
  }
  if (members.empty()) return BadInput("the archive holds no .npy file");
  return members;
}

Result<std::vector<NpzMember>> ReadNpz(const std::filesystem::path& path) {
  EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
  auto members = ReadNpz(file);
  if (!members.ok()) return members.error().Within(path.string());
  return members;
}

Result<std::vector<ir::Tensor>> ReadNpzTensors(const std::filesystem::path& path) {
  EDGEOPT_TRY(const std::vector<NpzMember> members, ReadNpz(path));
  std::vector<ir::Tensor> tensors;
  for (const NpzMember& member : members) {
    auto tensor = ir::DecodeNpy(member.npy);
    if (!tensor.ok())
      return tensor.error().Within(path.string() + ": member '" + member.name + "'");
    tensors.push_back(*std::move(tensor));
    tensors.back().name = member.name;
  }
  return tensors;
}

}  // namespace edgeopt::data
