// Reads a FlatBuffers file without trusting it (flatbuffers.dev, "FlatBuffer internals"): just what
// the runtime must know of a model before it hands the file on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace edgeopt::runtimes::litert {

// Positions are bytes from the file's start; 0 is "absent". A read outside the file gives 0 and
// makes ok() false for good, so that callers check once, at the end.
class FlatBuffer {
 public:
  // Twice the file is more than a tree of its parts can hold; parts that are shared a million
  // times over are an attack.
  explicit FlatBuffer(std::span<const std::byte> bytes)
      : bytes_(bytes), budget_(2 * bytes.size() + (1 << 20)) {}

  bool ok() const { return ok_; }

  template <typename T>
  T Read(size_t position) {
    T value{};
    if (!Holds(position, sizeof(T))) return T{};
    std::memcpy(&value, bytes_.data() + position, sizeof(T));
    return value;
  }

  size_t Root() { return Follow(0); }

  // Where a table's field is, 0 when it is left out (its default holds).
  size_t Field(size_t table, size_t id) {
    if (table == 0) return 0;
    const int64_t vtable = static_cast<int64_t>(table) - Read<int32_t>(table);
    if (vtable < 0) return ok_ = false, 0;
    const auto at = static_cast<size_t>(vtable);
    const size_t slot = 4 + 2 * id;
    if (slot + 2 > Read<uint16_t>(at)) return 0;
    const auto offset = Read<uint16_t>(at + slot);
    return offset == 0 ? 0 : table + offset;
  }
  template <typename T>
  T Scalar(size_t table, size_t id, T otherwise = T{}) {
    const size_t field = Field(table, id);
    return field == 0 ? otherwise : Read<T>(field);
  }

  // The table that a field refers to, 0 when it is left out.
  size_t Table(size_t table, size_t id) {
    const size_t field = Field(table, id);
    return field == 0 ? 0 : Follow(field);
  }

  struct Vector {
    size_t start = 0, size = 0;
  };
  Vector VectorOf(size_t table, size_t id, size_t element_bytes) {
    const size_t field = Field(table, id);
    if (field == 0) return {};
    const size_t at = Follow(field);
    const size_t size = Read<uint32_t>(at);
    if (!ok_ || size > bytes_.size() || size * element_bytes > budget_ ||
        !Holds(at + 4, size * element_bytes))
      return ok_ = false, Vector{};
    budget_ -= size * element_bytes;
    return {at + 4, size};
  }
  // Element `i` of a vector of tables.
  size_t TableIn(const Vector& vector, size_t i) { return Follow(vector.start + 4 * i); }
  std::string Text(size_t table, size_t id) {
    const Vector text = VectorOf(table, id, 1);
    return {reinterpret_cast<const char*>(bytes_.data()) + text.start, text.size};
  }

 private:
  bool Holds(size_t position, size_t size) {
    if (position > bytes_.size() || size > bytes_.size() - position) ok_ = false;
    return ok_;
  }
  size_t Follow(size_t position) {
    if (position == 0 && bytes_.size() < 8) return ok_ = false, 0;
    const auto offset = Read<uint32_t>(position);
    if (!ok_ || offset == 0 || !Holds(position + offset, 4)) return ok_ = false, 0;
    return position + offset;
  }

  std::span<const std::byte> bytes_;
  size_t budget_;
  bool ok_ = true;
};

}  // namespace edgeopt::runtimes::litert
