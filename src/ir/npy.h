// NumPy's array files: .npy (numpy/lib/format.py, versions 1 to 3) and .npz, a ZIP of them. Reading
// of .npy and writing of both; what is written depends on the arrays alone (no time stamps), and
// entries are stored, not compressed. Reading .npz belongs to data/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/file.h"
#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::ir {

// One array. NumPy has no bfloat16 nor any type below 16 bits float or 8 bits integer: those are
// widened (to float32, int8, uint8). Strings become <U, NumPy's UTF-32 arrays.
Result<std::string> EncodeNpy(const Tensor& tensor);
// The same in two parts that follow each other; `data` shares the tensor's bytes where it can.
struct NpyParts {
  std::string header;
  Buffer data;
};
Result<NpyParts> ToNpyParts(const Tensor& tensor);
// The array shares the bytes of `file` where it can (little endian, row major, aligned). BadInput
// for what is not a whole .npy file; Unsupported for Python objects, dates and records.
Result<Tensor> DecodeNpy(const Buffer& file);

// For reading an array in parts: what the header says.
struct NpyHeader {
  DataType type;
  size_t element_bytes;  // a string's is that of its UTF-32 characters, of fixed length
  bool big_endian, fortran_order;
  Dims dims;
  uint64_t data_offset, data_bytes;  // where the elements are in the file
};
// `beginning` of a .npy file, which may end anywhere behind the header.
// Does not know whether the data is all there. Errors as DecodeNpy.
Result<NpyHeader> ReadNpyHeader(std::string_view beginning);
// Elements as the header describes them, but row major and of shape `dims` (a part of the array).
Result<Tensor> DecodeNpyElements(const NpyHeader& header, Dims dims, const Buffer& elements);
// Column-major elements of `element_bytes` each into row-major order.
// Requires columns.size() == product of dims * element_bytes.
std::vector<std::byte> RowMajor(std::span<const std::byte> columns, const Dims& dims,
                                size_t element_bytes);

// A ZIP64 where a file or the whole grows beyond `zip64_from` bytes.
class NpzWriter {
 public:
  static Result<NpzWriter> Create(const std::filesystem::path& path,
                                  Overwrite overwrite = Overwrite::kReplace,
                                  uint64_t zip64_from = 0xFFFFFFFF);
  // Appends the array as "NAME.npy". BadInput for an empty name or one used before.
  Status Add(const std::string& name, const Tensor& tensor);
  // Writes the directory and moves the file to its place.
  Status Commit();

 private:
  struct Entry {
    std::string name;
    uint32_t crc;
    uint64_t size_bytes, offset;
  };
  NpzWriter(OutputFile file, uint64_t zip64_from)
      : file_(std::move(file)), zip64_from_(zip64_from) {}
  OutputFile file_;
  uint64_t zip64_from_;
  std::vector<Entry> entries_;
};

// All arrays under their Tensor::name.
Status WriteNpz(const std::filesystem::path& path, std::span<const Tensor> tensors,
                Overwrite overwrite = Overwrite::kReplace);

}  // namespace edgeopt::ir
