// The records of a ZIP archive with stored entries (PKWARE APPNOTE 6.3.9). Internal to ir.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edgeopt::ir::zip {

inline constexpr uint64_t kNoZip64 =
    0xFFFFFFFF;                            // a field's value when the ZIP64 record holds the number
inline constexpr uint64_t kDate = 0x0021;  // 1 January 1980
inline constexpr uint64_t kVersionStored = 20, kVersionZip64 = 45;

// Little-endian fields.
class Record {
 public:
  Record& Put(int size_bytes, uint64_t value) {
    for (int i = 0; i < size_bytes; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  Record& Put(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// The fields that local and central headers share, from "version needed" to "extra field length".
inline void PutCommon(Record& record, bool zip64, uint32_t crc, uint64_t size_bytes,
                      size_t name_length, size_t extra_length) {
  const uint64_t size_field = zip64 ? kNoZip64 : size_bytes;
  record.Put(2, zip64 ? kVersionZip64 : kVersionStored);
  record.Put(2, 0);  // flags
  record.Put(2, 0);  // method: stored
  record.Put(2, 0).Put(2, kDate);
  record.Put(4, crc).Put(4, size_field).Put(4, size_field);
  record.Put(2, name_length).Put(2, extra_length);
}

}  // namespace edgeopt::ir::zip
