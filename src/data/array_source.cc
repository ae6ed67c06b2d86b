#include "data/array_source.h"

#include <cstring>

namespace edgeopt::data {

Result<ArraySource> ArraySource::FromNpy(std::string name, Buffer npy) {
  EDGEOPT_TRY(ir::NpyHeader header, ir::ReadNpyHeader(npy.text()));
  if (npy.size() - header.data_offset != header.data_bytes)
    return BadInput("the .npy file holds " + std::to_string(npy.size() - header.data_offset) +
                    " bytes of data, its shape " + ir::ToString(header.dims) + " needs " +
                    std::to_string(header.data_bytes));
  const Buffer elements =
      npy.Slice(static_cast<size_t>(header.data_offset), static_cast<size_t>(header.data_bytes));
  return FromElements(std::move(name), std::move(header), elements);
}

Result<ArraySource> ArraySource::FromElements(std::string name, ir::NpyHeader header,
                                              Buffer elements) {
  if (header.dims.empty())
    return BadInput("the array is a scalar; its first axis must count the samples");
  ArraySource source;
  source.name_ = std::move(name);
  source.sample_dims_.assign(header.dims.begin() + 1, header.dims.end());
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(source.sample_dims_));
  // An array without elements may have any other dimensions.
  if (__builtin_mul_overflow(static_cast<uint64_t>(count), header.element_bytes,
                             &source.sample_bytes_))
    return BadInput("the array's shape " + ir::ToString(header.dims) + " overflows 64 bits");
  source.header_ = std::move(header);
  source.elements_ = std::move(elements);
  return source;
}

Result<ir::Tensor> ArraySource::At(int64_t index) const {
  const auto size = static_cast<size_t>(sample_bytes_);
  Buffer sample;
  if (header_.fortran_order) {
    // Column major: the first axis runs fastest, so a sample's elements lie `count` apart,
    // themselves column major.
    std::vector<std::byte> bytes(size);
    const size_t element = header_.element_bytes;
    const size_t stride = element * static_cast<size_t>(count());
    const std::byte* from = elements_.data() + static_cast<size_t>(index) * element;
    for (size_t at = 0; at < size; at += element, from += stride)
      std::memcpy(bytes.data() + at, from, element);
    sample = Buffer::Own(ir::RowMajor(bytes, sample_dims_, element));
  } else {
    const Buffer inside = elements_.Slice(static_cast<size_t>(index) * size, size);
    sample = Buffer::Copy(inside.data(), size);
    inside.ReleasePages();
  }
  EDGEOPT_TRY(ir::Tensor tensor, ir::DecodeNpyElements(header_, sample_dims_, sample));
  tensor.name = name_;
  return tensor;
}

}  // namespace edgeopt::data
