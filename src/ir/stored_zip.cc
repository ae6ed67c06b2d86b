#include "ir/stored_zip.h"

#include <zlib.h>

#include "ir/zip_record.h"

namespace edgeopt::ir {

std::string StoredZip(const std::map<std::string, std::string>& files) {
  zip::Record archive, directory;
  for (const auto& [name, content] : files) {
    const auto crc = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    const uint64_t offset = archive.bytes().size();
    archive.Put(4, 0x04034B50);
    zip::PutCommon(archive, false, crc, content.size(), name.size(), 0);
    archive.Put(name).Put(content);
    directory.Put(4, 0x02014B50).Put(2, zip::kVersionStored);
    zip::PutCommon(directory, false, crc, content.size(), name.size(), 0);
    directory.Put(2, 0).Put(2, 0).Put(2, 0).Put(4, 0);  // comment, disk, attributes
    directory.Put(4, offset).Put(name);
  }
  const uint64_t start = archive.bytes().size();
  archive.Put(directory.bytes());
  archive.Put(4, 0x06054B50).Put(2, 0).Put(2, 0).Put(2, files.size()).Put(2, files.size());
  archive.Put(4, directory.bytes().size()).Put(4, start).Put(2, 0);
  return archive.bytes();
}

}  // namespace edgeopt::ir
