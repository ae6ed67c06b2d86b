#include "data/idx_file.h"

#include "data/inflate.h"

namespace edgeopt::data {
namespace {

constexpr size_t kMagicBytes = 4;

struct ElementType {
  int code;
  ir::DataType type;
};
constexpr ElementType kTypes[] = {{0x08, ir::DataType::kUint8},   {0x09, ir::DataType::kInt8},
                                  {0x0B, ir::DataType::kInt16},   {0x0C, ir::DataType::kInt32},
                                  {0x0D, ir::DataType::kFloat32}, {0x0E, ir::DataType::kFloat64}};

const ElementType* TypeOf(std::string_view magic) {
  for (const ElementType& type : kTypes)
    if (static_cast<uint8_t>(magic[2]) == type.code) return &type;
  return nullptr;
}

Result<ir::NpyHeader> ParseHeader(std::string_view header, const ElementType& type) {
  ir::NpyHeader result{type.type,
                       static_cast<size_t>(ir::BitsOf(type.type) / 8),
                       /*big_endian=*/true,
                       /*fortran_order=*/false,
                       {},
                       header.size(),
                       0};
  for (size_t at = kMagicBytes; at < header.size(); at += 4) {
    int64_t dim = 0;
    for (size_t i = 0; i < 4; ++i) dim = dim << 8 | static_cast<uint8_t>(header[at + i]);
    result.dims.push_back(dim);
  }
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(result.dims));
  result.data_bytes = static_cast<uint64_t>(count) * result.element_bytes;
  return result;
}

// The header's bytes (`magic` begins them); 4 for each dimension.
Result<const ElementType*> CheckMagic(std::string_view magic) {
  if (!LooksLikeIdx(magic))
    return BadInput(
        "not an IDX file: it does not begin with 0, 0, an element type and a number of "
        "dimensions");
  return TypeOf(magic);
}

Result<ArraySource> ReadGzip(const Buffer& file, std::string name) {
  Inflater inflater(file.bytes(), Compression::kGzip);
  std::string header(kMagicBytes, '\0');
  EDGEOPT_CHECK_OK(inflater.Read(header.data(), header.size()));
  EDGEOPT_TRY(const ElementType* type, CheckMagic(header));
  header.resize(kMagicBytes + 4 * static_cast<size_t>(header[3]));
  EDGEOPT_CHECK_OK(inflater.Read(header.data() + kMagicBytes, header.size() - kMagicBytes));
  EDGEOPT_TRY(ir::NpyHeader parsed, ParseHeader(header, *type));
  EDGEOPT_TRY(const Buffer elements, inflater.ReadBuffer(parsed.data_bytes));
  EDGEOPT_CHECK_OK(inflater.End());
  return ArraySource::FromElements(std::move(name), std::move(parsed), elements);
}

Result<ArraySource> ReadPlain(const Buffer& file, std::string name) {
  EDGEOPT_TRY(const ElementType* type, CheckMagic(file.text()));
  const size_t header_bytes = kMagicBytes + 4 * static_cast<size_t>(file.text()[3]);
  if (file.size() < header_bytes) return BadInput("the IDX file ends inside its header");
  EDGEOPT_TRY(ir::NpyHeader parsed, ParseHeader(file.text().substr(0, header_bytes), *type));
  const uint64_t found = file.size() - header_bytes;
  if (found != parsed.data_bytes)
    return BadInput("the IDX file's dimensions " + ir::ToString(parsed.dims) + " need " +
                    std::to_string(parsed.data_bytes) + " bytes of data, found " +
                    std::to_string(found));
  const Buffer elements = file.Slice(header_bytes, static_cast<size_t>(found));
  return ArraySource::FromElements(std::move(name), std::move(parsed), elements);
}

}  // namespace

bool LooksLikeIdx(std::string_view beginning) {
  constexpr int kMostDims = 8;
  return beginning.size() >= kMagicBytes && beginning[0] == 0 && beginning[1] == 0 &&
         TypeOf(beginning) && beginning[3] >= 1 && beginning[3] <= kMostDims;
}

Result<ArraySource> ReadIdx(const Buffer& file, std::string name) {
  const bool gzip = file.text().starts_with("\x1F\x8B");
  return gzip ? ReadGzip(file, std::move(name)) : ReadPlain(file, std::move(name));
}

Result<ArraySource> ReadIdx(const std::filesystem::path& path, std::string name) {
  EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
  auto source = ReadIdx(file, std::move(name));
  if (!source.ok()) return source.error().Within(path.string());
  return source;
}

}  // namespace edgeopt::data
