#include "formats/tflite/scan.h"

#include <string>

#include "formats/tflite/schema_generated.h"

namespace edgeopt::formats::tflite::internal {
namespace {

using flatbuffers::ElementaryType;
using flatbuffers::TypeCode;
using flatbuffers::TypeTable;

// What an object of the schema takes in memory per field, roughly.
constexpr uint64_t kBytesPerField = 24;
// Shared data is rare in real files, and an operator without a parameter takes 8 bytes in the file.
constexpr uint64_t kAllowedFactor = 16, kAllowedBytes = 16 << 20;

size_t ElementBytes(ElementaryType type) {
  switch (type) {
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_BOOL:
    case flatbuffers::ET_CHAR:
    case flatbuffers::ET_UCHAR:
      return 1;
    case flatbuffers::ET_SHORT:
    case flatbuffers::ET_USHORT:
      return 2;
    case flatbuffers::ET_LONG:
    case flatbuffers::ET_ULONG:
    case flatbuffers::ET_DOUBLE:
      return 8;
    default:
      return 4;
  }
}

// Walks the tables by the type information that flatc generates. The schema is not recursive, so
// the depth of calls is bounded. It has no field marked as deprecated: the verifier passes over
// those, so their offsets could lead anywhere.
class Scanner {
 public:
  explicit Scanner(uint64_t allowed_bytes) : allowed_bytes_(allowed_bytes) {}

  Status Table(const uint8_t* table, const TypeTable& type, const std::string& where) {
    const uint8_t* vtable = table - flatbuffers::ReadScalar<flatbuffers::soffset_t>(table);
    // The verifier lets pass a vtable without its own two fields; it has no others then.
    const size_t words = flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable) / sizeof(uint16_t);
    const size_t fields = words < 2 ? 0 : words - 2;
    EDGEOPT_CHECK_OK(Charge(kBytesPerField * type.num_elems));
    const auto field = [&](size_t i) -> const uint8_t* {
      if (i >= fields) return nullptr;
      const auto offset =
          flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable + (i + 2) * sizeof(uint16_t));
      return offset == 0 ? nullptr : table + offset;
    };
    for (size_t i = type.num_elems; i < fields; ++i)
      if (field(i) != nullptr)
        return Unsupported(where + " has a field of number " + std::to_string(i) +
                               "; the schema that edgeopt knows has " +
                               std::to_string(type.num_elems) + " fields there",
                           "the model was made for a newer TensorFlow Lite");
    for (size_t i = 0; i < type.num_elems; ++i) {
      const uint8_t* value = field(i);
      if (value == nullptr) continue;
      const uint8_t* union_type = i > 0 ? field(i - 1) : nullptr;
      EDGEOPT_CHECK_OK(
          Field(value, union_type, type, type.type_codes[i], where + "." + type.names[i]));
    }
    return OkStatus();
  }

 private:
  Status Field(const uint8_t* value, const uint8_t* union_type, const TypeTable& type,
               TypeCode code, const std::string& where) {
    const auto base = static_cast<ElementaryType>(code.base_type);
    const TypeTable* target = code.sequence_ref < 0 ? nullptr : type.type_refs[code.sequence_ref]();
    if (base == flatbuffers::ET_UTYPE) {
      const size_t member = *value;
      if (member < target->num_elems) return OkStatus();
      return Unsupported(where + " is " + std::to_string(member) +
                             "; the schema that edgeopt knows ends at " +
                             std::to_string(target->num_elems - 1),
                         "the model was made for a newer TensorFlow Lite");
    }
    if (code.is_repeating != 0) return Vector(Follow(value), base, target, where);
    if (base == flatbuffers::ET_STRING)
      return Charge(flatbuffers::ReadScalar<flatbuffers::uoffset_t>(Follow(value)));
    if (base != flatbuffers::ET_SEQUENCE) return OkStatus();
    if (target->st == flatbuffers::ST_TABLE) return Table(Follow(value), *target, where);
    // A union: the field before it says which member. NONE has no value, whatever is stored.
    const size_t member = union_type == nullptr ? 0 : *union_type;
    if (member == 0) return OkStatus();
    const TypeCode member_code = target->type_codes[member];
    return Table(Follow(value), *target->type_refs[member_code.sequence_ref](), where);
  }

  Status Vector(const uint8_t* vector, ElementaryType base, const TypeTable* target,
                const std::string& where) {
    const auto count = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(vector);
    EDGEOPT_CHECK_OK(Charge(uint64_t{count} * ElementBytes(base)));
    if (base != flatbuffers::ET_SEQUENCE) return OkStatus();
    const uint8_t* elements = vector + sizeof(flatbuffers::uoffset_t);
    for (flatbuffers::uoffset_t i = 0; i < count; ++i)
      EDGEOPT_CHECK_OK(Table(Follow(elements + i * sizeof(flatbuffers::uoffset_t)), *target,
                             where + "[" + std::to_string(i) + "]"));
    return OkStatus();
  }

  static const uint8_t* Follow(const uint8_t* offset) {
    return offset + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(offset);
  }

  Status Charge(uint64_t bytes) {
    used_bytes_ += bytes;
    if (used_bytes_ <= allowed_bytes_) return OkStatus();
    return BadInput("the model would take more than " + std::to_string(allowed_bytes_) +
                        " bytes of memory, out of proportion to its file: its tables share data",
                    "the file is damaged or made to do harm");
  }

  uint64_t allowed_bytes_, used_bytes_ = 0;
};

}  // namespace

Status ScanModel(const Buffer& flatbuffer) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(flatbuffer.data());
  Scanner scanner(flatbuffer.size() * kAllowedFactor + kAllowedBytes);
  return scanner.Table(bytes + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes),
                       *schema::ModelTypeTable(), "model");
}

}  // namespace edgeopt::formats::tflite::internal
