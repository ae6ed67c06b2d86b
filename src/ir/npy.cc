// The writing half of ir/npy.h for single arrays.
#include "ir/npy.h"

#include <algorithm>
#include <bit>

#include "base/utf8.h"
#include "ir/npy_dtypes.h"

namespace edgeopt::ir {
namespace {

static_assert(std::endian::native == std::endian::little);

const NpyDtype* FindDtype(DataType type) {
  for (const NpyDtype& dtype : kNpyDtypes)
    if (dtype.type == type) return &dtype;
  return nullptr;
}

// The whole of a version 1.0 header: magic, version, length, dictionary padded with blanks so that
// the data starts at a multiple of 64, newline.
std::string Header(const std::string& descr, const Dims& dims) {
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  text += dims.size() == 1 ? ",), }" : "), }";
  constexpr size_t kPreamble = 10;
  text.append(63 - (kPreamble + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kNpyMagic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(text.size() & 0xFF);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

NpyParts EncodeStrings(const Tensor& tensor) {
  std::vector<std::u32string> texts;
  size_t longest = 1;  // NumPy has no zero-length strings in files
  for (const std::string& text : tensor.strings()) {
    texts.push_back(DecodeUtf8(text));
    longest = std::max(longest, texts.back().size());
  }
  std::string data;
  for (std::u32string& text : texts) {
    text.resize(longest);  // shorter ones end in zeros
    data.append(reinterpret_cast<const char*>(text.data()), longest * sizeof(char32_t));
  }
  return {Header("<U" + std::to_string(longest), tensor.dims()), Buffer::Own(std::move(data))};
}

// The type that holds all values of a type that NumPy lacks.
DataType Widened(DataType type) {
  if (type == DataType::kInt4 || type == DataType::kInt2) return DataType::kInt8;
  if (type == DataType::kUint4 || type == DataType::kUint2) return DataType::kUint8;
  return DataType::kFloat32;
}

Result<Tensor> Widen(const Tensor& tensor) {
  const DataType type = Widened(tensor.type());
  if (type == DataType::kFloat32) {
    EDGEOPT_TRY(const auto floats, tensor.ToFloats());
    return Tensor::Of<float>(tensor.dims(), floats);
  }
  EDGEOPT_TRY(const auto ints, tensor.ToInts());
  // The low byte is the value in either sign.
  std::vector<uint8_t> bytes(ints.begin(), ints.end());
  return Tensor::Make(type, tensor.dims(), Buffer::FromVector(bytes));
}

}  // namespace

Result<NpyParts> ToNpyParts(const Tensor& tensor) {
  if (tensor.type() == DataType::kString) return EncodeStrings(tensor);
  const NpyDtype* dtype = FindDtype(tensor.type());
  if (!dtype) {
    EDGEOPT_TRY(const Tensor wide, Widen(tensor));
    return ToNpyParts(wide);
  }
  const char order = BitsOf(tensor.type()) == 8 ? '|' : '<';
  return NpyParts{Header(order + std::string(dtype->code), tensor.dims()), tensor.data()};
}

Result<std::string> EncodeNpy(const Tensor& tensor) {
  EDGEOPT_TRY(NpyParts parts, ToNpyParts(tensor));
  parts.header.append(parts.data.text());
  return std::move(parts.header);
}

}  // namespace edgeopt::ir
