#include "devices/elf.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "base/buffer.h"

namespace edgeopt::devices {
namespace {

// Offsets in the ELF-64 file header and in a section header.
constexpr size_t kClassAt = 4, kDataAt = 5, kMachineAt = 18;
constexpr size_t kSectionsAt = 40, kSectionSizeAt = 58, kSectionCountAt = 60;
constexpr size_t kHeaderBytes = 64, kSectionBytes = 64;
constexpr size_t kTypeAt = 4, kOffsetAt = 24, kSizeAt = 32, kLinkAt = 40;
constexpr unsigned kClass64 = 2, kLittleEndian = 1;
constexpr uint32_t kVerneedSection = 0x6ffffffe;  // SHT_GNU_verneed, .gnu.version_r
// Elf64_Verneed: version, cnt, file, aux, next. Elf64_Vernaux: hash, flags, other, name, next.
constexpr size_t kNeedBytes = 16, kNeedCountAt = 2, kNeedAuxAt = 8, kNeedNextAt = 12;
constexpr size_t kAuxBytes = 16, kAuxNameAt = 8, kAuxNextAt = 12;
constexpr std::string_view kGlibc = "GLIBC_";

struct MachineName {
  uint16_t code;  // e_machine
  const char* name;
};
constexpr MachineName kMachines[] = {{3, "i386"},      {8, "mips"},         {21, "ppc64"},
                                     {40, "arm"},      {62, "x86_64"},      {183, "aarch64"},
                                     {243, "riscv64"}, {258, "loongarch64"}};

std::string MachineNameOf(uint16_t code) {
  const auto* const found = std::find_if(std::begin(kMachines), std::end(kMachines),
                                         [&](const MachineName& row) { return row.code == code; });
  return found != std::end(kMachines) ? found->name : "ELF machine " + std::to_string(code);
}

// Bounds-checked reading of a part of the file, little endian.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Result<Bytes> Part(uint64_t offset, uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      return BadInput("the ELF file is damaged: it names " + std::to_string(size) +
                      " bytes at offset " + std::to_string(offset) + ", but ends at " +
                      std::to_string(bytes_.size()));
    return Bytes(bytes_.subspan(offset, size));
  }
  // Requires at + sizeof(T) <= size().
  template <typename T>
  T Get(size_t at) const {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(bytes_[at + i]) << (8 * i));
    return value;
  }
  size_t size() const { return bytes_.size(); }
  // Up to the next NUL.
  Result<std::string_view> Text(uint64_t offset) const {
    EDGEOPT_TRY(const Bytes rest, Part(offset, offset <= size() ? size() - offset : 0));
    const std::string_view text(reinterpret_cast<const char*>(rest.bytes_.data()), rest.size());
    const size_t end = text.find('\0');
    if (end == std::string_view::npos)
      return BadInput("the ELF file is damaged: a name has no end");
    return text.substr(0, end);
  }

 private:
  std::span<const std::byte> bytes_;
};

// The newest GLIBC_ among the versions that `section` lists; `names` is the table that it refers
// to.
Status ReadVersions(const Bytes& section, const Bytes& names, std::optional<GlibcVersion>& newest) {
  uint64_t need_at = 0;
  while (true) {
    EDGEOPT_TRY(const Bytes need, section.Part(need_at, kNeedBytes));
    uint64_t aux_at = need_at + need.Get<uint32_t>(kNeedAuxAt);
    for (uint16_t left = need.Get<uint16_t>(kNeedCountAt); left > 0; --left) {
      EDGEOPT_TRY(const Bytes aux, section.Part(aux_at, kAuxBytes));
      EDGEOPT_TRY(const std::string_view name, names.Text(aux.Get<uint32_t>(kAuxNameAt)));
      if (name.starts_with(kGlibc))
        if (const auto version = ParseGlibcVersion(name.substr(kGlibc.size())))
          newest = std::max(newest.value_or(*version), *version);
      aux_at += aux.Get<uint32_t>(kAuxNextAt);
    }
    // Always forward, so that it ends.
    const uint32_t next = need.Get<uint32_t>(kNeedNextAt);
    if (next == 0) return OkStatus();
    need_at += next;
  }
}

Result<std::optional<GlibcVersion>> NewestGlibc(const Bytes& file) {
  std::optional<GlibcVersion> newest;
  const uint64_t table = file.Get<uint64_t>(kSectionsAt);
  const uint16_t count = file.Get<uint16_t>(kSectionCountAt);
  if (table == 0 || count == 0) return newest;
  if (file.Get<uint16_t>(kSectionSizeAt) != kSectionBytes)
    return BadInput("the ELF file is damaged: its section headers have another size than 64 bytes");
  EDGEOPT_TRY(const Bytes sections, file.Part(table, uint64_t{count} * kSectionBytes));
  const auto content = [&](size_t index) {
    const size_t at = index * kSectionBytes;
    return file.Part(sections.Get<uint64_t>(at + kOffsetAt), sections.Get<uint64_t>(at + kSizeAt));
  };
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * kSectionBytes;
    if (sections.Get<uint32_t>(at + kTypeAt) != kVerneedSection) continue;
    const uint32_t names = sections.Get<uint32_t>(at + kLinkAt);
    if (names >= count) return BadInput("the ELF file is damaged: its versions have no names");
    EDGEOPT_TRY(const Bytes versions, content(i));
    EDGEOPT_TRY(const Bytes texts, content(names));
    EDGEOPT_CHECK_OK(ReadVersions(versions, texts, newest));
  }
  return newest;
}

}  // namespace

std::optional<GlibcVersion> ParseGlibcVersion(std::string_view text) {
  GlibcVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || (minor.ptr != end && *minor.ptr != '.')) return std::nullopt;
  if (version.major < 0 || version.minor < 0) return std::nullopt;
  return version;
}

Result<ElfFacts> ParseElf(std::span<const std::byte> bytes) {
  constexpr char kMagic[] = {0x7F, 'E', 'L', 'F'};
  if (bytes.size() < sizeof kMagic || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0)
    return BadInput("it is no program and no library (no ELF file)");
  const Bytes file(bytes);
  if (bytes.size() < kMachineAt + 2)
    return BadInput("the ELF file is damaged: it ends in its header");
  const auto data = static_cast<unsigned>(bytes[kDataAt]);
  if (data != kLittleEndian) return Unsupported("it is made for a big-endian machine");
  ElfFacts facts;
  facts.architecture = MachineNameOf(file.Get<uint16_t>(kMachineAt));
  if (static_cast<unsigned>(bytes[kClassAt]) != kClass64)
    return Unsupported("it is made for a 32-bit machine, " + facts.architecture);
  if (bytes.size() < kHeaderBytes)
    return BadInput("the ELF file is damaged: it ends in its header");
  EDGEOPT_TRY(facts.glibc, NewestGlibc(file));
  return facts;
}

Result<ElfFacts> ReadElf(const std::filesystem::path& path) {
  EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
  auto facts = ParseElf(file.bytes());
  if (!facts.ok()) return facts.error().Within("'" + path.string() + "'");
  return facts;
}

}  // namespace edgeopt::devices
