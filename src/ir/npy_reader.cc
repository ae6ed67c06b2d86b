// The reading half of ir/npy.h. The file is untrusted: every length is checked.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/utf8.h"
#include "ir/npy.h"
#include "ir/npy_dtypes.h"

namespace edgeopt::ir {
namespace {

// What a header's dictionary says.
struct Description {
  std::string descr;
  bool fortran_order = false;
  Dims dims;
};

// Reads the one form of Python literal that headers are:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<Description> Parse() {
    Description description;
    int keys = 0;
    if (!Take('{')) return std::nullopt;
    while (!Take('}')) {
      std::string key;
      if (!Quoted(key) || !Take(':')) return std::nullopt;
      const bool understood = key == "descr"           ? Quoted(description.descr)
                              : key == "fortran_order" ? Boolean(description.fortran_order)
                              : key == "shape"         ? Tuple(description.dims)
                                                       : false;
      if (!understood) return std::nullopt;
      ++keys;
      Take(',');
    }
    Blanks();
    if (keys != 3 || !text_.empty() || description.descr.empty()) return std::nullopt;
    return description;
  }

 private:
  void Blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n\t"), text_.size())); }
  bool Take(char expected) {
    Blanks();
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Word(std::string_view word) {
    Blanks();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool Quoted(std::string& value) {
    Blanks();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return false;
    const size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return false;
    value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return true;
  }
  bool Boolean(bool& value) {
    value = Word("True");
    return value || Word("False");
  }
  bool Tuple(Dims& dims) {
    if (!Take('(')) return false;
    while (!Take(')')) {
      int64_t dim = 0;
      Blanks();
      const auto [end, failure] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (failure != std::errc() || dim < 0) return false;
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      dims.push_back(dim);
      if (!Take(',') && !text_.starts_with(')')) return false;
    }
    return true;
  }

  std::string_view text_;
};

// Reverses the bytes of each element of `size` bytes.
void SwapBytes(std::vector<std::byte>& bytes, size_t size) {
  for (size_t i = 0; i + size <= bytes.size(); i += size)
    std::reverse(bytes.begin() + static_cast<ptrdiff_t>(i),
                 bytes.begin() + static_cast<ptrdiff_t>(i + size));
}

Result<Tensor> DecodeStrings(std::span<const std::byte> data, const Dims& dims, size_t length,
                             bool big_endian) {
  EDGEOPT_TRY(const int64_t count, ElementCount(dims));
  std::vector<std::string> strings(static_cast<size_t>(count));
  for (size_t i = 0; i < strings.size(); ++i) {
    for (size_t k = 0; k < length; ++k) {
      uint32_t code = 0;
      std::memcpy(&code, data.data() + (i * length + k) * sizeof(code), sizeof(code));
      if (big_endian) code = __builtin_bswap32(code);
      if (code == 0) break;
      AppendUtf8(code, strings[i]);
    }
  }
  return Tensor::MakeStrings(dims, std::move(strings));
}

// Element size in bytes and, for numbers, the type. Strings: type kString.
struct Element {
  DataType type;
  size_t size_bytes;
  bool big_endian;
};
Result<Element> ParseDescr(const std::string& descr) {
  std::string_view code = descr;
  const bool big_endian = code.starts_with('>');
  if (code.find_first_of("<>|=") == 0) code.remove_prefix(1);
  for (const NpyDtype& dtype : kNpyDtypes)
    if (code == dtype.code)
      return Element{dtype.type, static_cast<size_t>(BitsOf(dtype.type) / 8), big_endian};
  uint32_t length = 0;
  if (code.starts_with('U')) {
    const auto [end, failure] = std::from_chars(code.data() + 1, code.data() + code.size(), length);
    if (failure == std::errc() && end == code.data() + code.size() && length > 0)
      return Element{DataType::kString, size_t{length} * sizeof(char32_t), big_endian};
  }
  return Unsupported("the .npy file holds elements of type '" + descr + "'",
                     "store numbers, bools or strings, for example array.astype('float32')");
}

}  // namespace

Result<NpyHeader> ReadNpyHeader(std::string_view text) {
  if (text.size() < 10 || !text.starts_with(kNpyMagic))
    return BadInput("not a .npy file: it doesn't start with \\x93NUMPY");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(text[i])); };
  const size_t major = byte(6);
  if (major < 1 || major > 3)
    return Unsupported("the .npy file has format version " + std::to_string(major) +
                       "; 1 to 3 are known");
  const size_t preamble = major == 1 ? 10 : 12;
  if (text.size() < preamble) return BadInput("the .npy file ends inside its header");
  size_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > text.size() - preamble) return BadInput("the .npy file ends inside its header");
  const auto description = HeaderParser(text.substr(preamble, length)).Parse();
  if (!description)
    return BadInput("the .npy file's header is not understood: " +
                    std::string(text.substr(preamble, std::min<size_t>(length, 120))));

  EDGEOPT_TRY(const Element element, ParseDescr(description->descr));
  EDGEOPT_TRY(const int64_t count, ElementCount(description->dims));
  uint64_t data_bytes = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(count), element.size_bytes, &data_bytes))
    return BadInput("the .npy file's shape " + ToString(description->dims) + " of '" +
                    description->descr + "' overflows 64 bits");
  return NpyHeader{
      element.type,      element.size_bytes, element.big_endian, description->fortran_order,
      description->dims, preamble + length,  data_bytes};
}

std::vector<std::byte> RowMajor(std::span<const std::byte> columns, const Dims& dims, size_t size) {
  std::vector<std::byte> rows(columns.size());
  std::vector<int64_t> index(dims.size(), 0);
  std::vector<size_t> stride(dims.size());
  size_t next_stride = 1;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    stride[axis] = next_stride;
    next_stride *= static_cast<size_t>(dims[axis]);
  }
  size_t source = 0;
  for (size_t target = 0; target + size <= rows.size(); target += size) {
    std::memcpy(rows.data() + target, columns.data() + source * size, size);
    for (size_t axis = dims.size(); axis-- > 0;) {
      source += stride[axis];
      if (++index[axis] < dims[axis]) break;
      source -= stride[axis] * static_cast<size_t>(dims[axis]);
      index[axis] = 0;
    }
  }
  return rows;
}

Result<Tensor> DecodeNpyElements(const NpyHeader& header, Dims dims, const Buffer& elements) {
  EDGEOPT_TRY(const int64_t count, ElementCount(dims));
  uint64_t expected = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(count), header.element_bytes, &expected) ||
      elements.size() != expected)
    return BadInput("the .npy file's shape " + ToString(dims) + " doesn't fit its " +
                    std::to_string(elements.size()) + " bytes of data");
  if (header.type == DataType::kString)
    return DecodeStrings(elements.bytes(), dims, header.element_bytes / sizeof(char32_t),
                         header.big_endian);
  if (!header.big_endian || header.element_bytes == 1)
    return Tensor::Make(header.type, std::move(dims), elements);
  std::vector<std::byte> bytes(elements.bytes().begin(), elements.bytes().end());
  const bool complex = header.type == DataType::kComplex64 || header.type == DataType::kComplex128;
  SwapBytes(bytes, complex ? header.element_bytes / 2 : header.element_bytes);
  return Tensor::Make(header.type, std::move(dims), Buffer::Own(std::move(bytes)));
}

Result<Tensor> DecodeNpy(const Buffer& file) {
  EDGEOPT_TRY(const NpyHeader header, ReadNpyHeader(file.text()));
  const Buffer data = file.Slice(header.data_offset, file.size() - header.data_offset);
  if (data.size() != header.data_bytes)
    return BadInput("the .npy file's shape " + ToString(header.dims) + " doesn't fit its " +
                    std::to_string(data.size()) + " bytes of data");
  const bool transpose = header.fortran_order && header.dims.size() > 1;
  return DecodeNpyElements(
      header, header.dims,
      transpose ? Buffer::Own(RowMajor(data.bytes(), header.dims, header.element_bytes)) : data);
}

}  // namespace edgeopt::ir
