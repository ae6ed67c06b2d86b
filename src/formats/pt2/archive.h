// The ZIP archive that torch.export.save writes (PKWARE APPNOTE 6.3.9, with ZIP64): entries that
// are stored, not compressed, and begin at multiples of 64 bytes, all below one folder.
// Whoever asks what an archive is (frameworks/recognize.h) looks into it, too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::formats::pt2 {

class Archive {
 public:
  // BadInput when `bytes` are not a whole ZIP archive.
  static Result<Archive> Open(const Buffer& bytes);

  // By the path below the archive's folder: "models/model.json".
  bool Has(std::string_view name) const { return entries_.contains(name); }
  // The content, which shares the archive's bytes. BadInput when there is no such entry, it leaves
  // the file or its checksum is wrong; Unsupported when it is compressed or encrypted.
  Result<Buffer> Read(std::string_view name) const;
  // Names that begin with `prefix`, sorted.
  std::vector<std::string> Names(std::string_view prefix) const;

 private:
  struct Entry {
    uint64_t header_offset = 0, size_bytes = 0;
    uint32_t crc = 0;
    uint16_t flags = 0, method = 0;
  };
  struct Directory {
    uint64_t offset = 0, size_bytes = 0, count = 0;
  };
  Result<Directory> FindDirectory() const;
  Result<Directory> ZipDirectory(uint64_t end_record) const;
  Result<uint64_t> AddEntry(uint64_t at, uint64_t end);
  void DropFolder();

  bool Inside(uint64_t offset, uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  // A little-endian field; it must be inside.
  uint64_t Get(uint64_t offset, int size_bytes) const;

  Buffer bytes_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace edgeopt::formats::pt2
