// The .npz half of ir/npy.h: ZIP (PKWARE APPNOTE 6.3.9) with stored entries, their dates the first
// that the format knows, so that equal arrays give equal files.
#include <zlib.h>

#include <algorithm>

#include "ir/npy.h"
#include "ir/zip_record.h"

namespace edgeopt::ir {

using zip::kNoZip64;
using zip::kVersionStored;
using zip::kVersionZip64;
using zip::PutCommon;
using zip::Record;

Result<NpzWriter> NpzWriter::Create(const std::filesystem::path& path, Overwrite overwrite,
                                    uint64_t zip64_from) {
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path, overwrite));
  return NpzWriter(std::move(file), zip64_from);
}

Status NpzWriter::Add(const std::string& name, const Tensor& tensor) {
  const auto same = [&](const Entry& entry) { return entry.name == name + ".npy"; };
  if (name.empty() || name.size() > 0xFFF0)
    return BadInput("an array in an .npz file needs a name of 1 to 65520 bytes");
  if (std::any_of(entries_.begin(), entries_.end(), same))
    return BadInput("two arrays of the .npz file are named '" + name + "'");
  EDGEOPT_TRY(const NpyParts npy, ToNpyParts(tensor));
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(npy.header.data()), npy.header.size());
  if (!npy.data.empty())  // for a null pointer zlib returns the initial value
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(npy.data.data()), npy.data.size());
  const uint64_t size_bytes = npy.header.size() + npy.data.size();
  entries_.push_back({name + ".npy", static_cast<uint32_t>(crc), size_bytes, file_.size_bytes()});

  const bool zip64 = size_bytes >= zip64_from_;
  Record header;
  header.Put(4, 0x04034B50);
  PutCommon(header, zip64, entries_.back().crc, size_bytes, entries_.back().name.size(),
            zip64 ? 20 : 0);
  header.Put(entries_.back().name);
  if (zip64) header.Put(2, 1).Put(2, 16).Put(8, size_bytes).Put(8, size_bytes);
  EDGEOPT_CHECK_OK(file_.Write(header.bytes()));
  EDGEOPT_CHECK_OK(file_.Write(npy.header));
  return file_.Write(npy.data.data(), npy.data.size());
}

Status NpzWriter::Commit() {
  const uint64_t directory_offset = file_.size_bytes();
  bool any_zip64 = directory_offset >= zip64_from_ || entries_.size() >= 0xFFFF;
  for (const Entry& entry : entries_) {
    const bool zip64 = std::max(entry.size_bytes, entry.offset) >= zip64_from_;
    any_zip64 = any_zip64 || zip64;
    Record header;
    header.Put(4, 0x02014B50).Put(2, zip64 ? kVersionZip64 : kVersionStored);
    PutCommon(header, zip64, entry.crc, entry.size_bytes, entry.name.size(), zip64 ? 28 : 0);
    header.Put(2, 0).Put(2, 0).Put(2, 0).Put(4, 0);  // comment, disk, attributes
    header.Put(4, zip64 ? kNoZip64 : entry.offset).Put(entry.name);
    if (zip64)
      header.Put(2, 1)
          .Put(2, 24)
          .Put(8, entry.size_bytes)
          .Put(8, entry.size_bytes)
          .Put(8, entry.offset);
    EDGEOPT_CHECK_OK(file_.Write(header.bytes()));
  }
  const uint64_t end_offset = file_.size_bytes();
  const uint64_t directory_bytes = end_offset - directory_offset;
  Record end;
  if (any_zip64) {
    end.Put(4, 0x06064B50).Put(8, 44).Put(2, kVersionZip64).Put(2, kVersionZip64);
    end.Put(4, 0).Put(4, 0).Put(8, entries_.size()).Put(8, entries_.size());
    end.Put(8, directory_bytes).Put(8, directory_offset);
    end.Put(4, 0x07064B50).Put(4, 0).Put(8, end_offset).Put(4, 1);
  }
  const uint64_t count = any_zip64 ? 0xFFFF : entries_.size();
  end.Put(4, 0x06054B50).Put(2, 0).Put(2, 0).Put(2, count).Put(2, count);
  end.Put(4, any_zip64 ? kNoZip64 : directory_bytes);
  end.Put(4, any_zip64 ? kNoZip64 : directory_offset).Put(2, 0);
  EDGEOPT_CHECK_OK(file_.Write(end.bytes()));
  return file_.Commit();
}

Status WriteNpz(const std::filesystem::path& path, std::span<const Tensor> tensors,
                Overwrite overwrite) {
  EDGEOPT_TRY(NpzWriter writer, NpzWriter::Create(path, overwrite));
  for (const Tensor& tensor : tensors) EDGEOPT_CHECK_OK(writer.Add(tensor.name, tensor));
  return writer.Commit();
}

}  // namespace edgeopt::ir
