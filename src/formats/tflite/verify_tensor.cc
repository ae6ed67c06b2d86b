// Verify: one tensor.
#include <algorithm>
#include <cstring>
#include <limits>

#include "formats/tflite/verify.h"

namespace edgeopt::formats::tflite::internal {
namespace {

// Elements of a shape whose sizes are not negative; nothing when they overflow.
std::optional<uint64_t> CountElements(const std::vector<int32_t>& shape) {
  uint64_t count = 1;
  bool overflow = false;
  for (const int32_t size : shape) {
    if (size == 0) return 0;
    overflow =
        overflow || count > std::numeric_limits<int64_t>::max() / static_cast<uint64_t>(size);
    if (!overflow) count *= static_cast<uint64_t>(size);
  }
  return overflow ? std::nullopt : std::optional(count);
}

Status CheckShape(const schema::TensorT& tensor) {
  for (const int32_t size : tensor.shape)
    if (size < 0)
      return BadInput("its shape is " + ToText(tensor.shape) + "; sizes can't be negative",
                      "sizes that are not known are 1 there and -1 in shape_signature");
  const auto& signature = tensor.shape_signature;
  if (!signature.empty() && signature.size() != tensor.shape.size())
    return BadInput("its shape_signature " + ToText(signature) + " and its shape " +
                    ToText(tensor.shape) + " differ in rank");
  for (const int32_t size : signature)
    if (size < -1)
      return BadInput("its shape_signature is " + ToText(signature) +
                      "; expected sizes, or -1 for those not known");
  if (!CountElements(tensor.shape))
    return BadInput("its shape " + ToText(tensor.shape) + " has more elements than 63 bits count");
  return OkStatus();
}

// A count, one more position than strings (from the first byte), and the strings' bytes.
Status CheckStrings(const Buffer& data, uint64_t elements) {
  const uint64_t words = data.size() / sizeof(uint32_t);
  const auto word = [&](uint64_t i) {
    uint32_t value = 0;
    std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
    return uint64_t{value};
  };
  if (words == 0)
    return BadInput("its string data has " + std::to_string(data.size()) +
                    " bytes, too few for the number of strings");
  const uint64_t count = word(0);
  if (count != elements)
    return BadInput("its string data holds " + std::to_string(count) + " strings, expected " +
                    std::to_string(elements));
  if (count + 2 > words)
    return BadInput("its string data has " + std::to_string(data.size()) +
                    " bytes, too few for the positions of " + std::to_string(count) + " strings");
  uint64_t last = (count + 2) * sizeof(uint32_t);
  if (word(1) != last)
    return BadInput("its first string begins at byte " + std::to_string(word(1)) + ", expected " +
                    std::to_string(last));
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t end = word(i + 2);
    if (end < last || end > data.size())
      return BadInput("its string " + std::to_string(i) + " ends at byte " + std::to_string(end) +
                      ", expected " + std::to_string(last) + " to " + std::to_string(data.size()));
    last = end;
  }
  if (last != data.size())
    return BadInput("its last string ends at byte " + std::to_string(last) + " of " +
                    std::to_string(data.size()));
  return OkStatus();
}

Status CheckSize(const schema::TensorT& tensor, const Buffer& data, uint64_t elements) {
  const auto bits = static_cast<uint64_t>(BitsOf(tensor.type));
  if (bits == 0)
    return BadInput("a " + TypeName(tensor.type) + " tensor can't have data in the file");
  const bool fits = elements <= std::numeric_limits<uint64_t>::max() / bits - 7;
  if (fits && (elements * bits + 7) / 8 == data.size()) return OkStatus();
  return BadInput("a " + TypeName(tensor.type) + " tensor of shape " + ToText(tensor.shape) +
                  (tensor.sparsity ? " with its sparsity" : "") + " needs " +
                  (fits ? std::to_string((elements * bits + 7) / 8) : std::string("too many")) +
                  " bytes, buffer " + std::to_string(tensor.buffer) + " has " +
                  std::to_string(data.size()));
}

Status CheckData(const File& file, const schema::TensorT& tensor) {
  if (tensor.is_variable)
    return BadInput("it is a variable with data in the file; variables begin as zeros");
  if (tensor.external_buffer != 0) {
    if (tensor.buffer != 0 && HasData(file.buffers[tensor.buffer]))
      return BadInput("it has data both in buffer " + std::to_string(tensor.buffer) +
                      " and in an external buffer");
    return OkStatus();
  }
  const Buffer& data = file.buffers[tensor.buffer];
  uint64_t elements = *CountElements(tensor.shape);
  if (tensor.type == schema::TensorType::STRING) return CheckStrings(data, elements);
  if (tensor.sparsity) {
    EDGEOPT_TRY(elements, CountStoredElements(*tensor.sparsity, tensor.shape));
  }
  return CheckSize(tensor, data, elements);
}

Status CheckBuffer(const File& file, const schema::TensorT& tensor) {
  // Buffer 0 is "none", even in a file without buffers.
  if (tensor.buffer != 0 && tensor.buffer >= file.buffers.size())
    return BadInput("it is in buffer " + std::to_string(tensor.buffer) + ", the model has " +
                    std::to_string(file.buffers.size()));
  const auto& external = file.model.external_buffers;
  if (tensor.external_buffer != 0 &&
      std::none_of(external.begin(), external.end(),
                   [&](const auto& it) { return it->id == tensor.external_buffer; }))
    return BadInput("it is in external buffer " + std::to_string(tensor.external_buffer) +
                    ", which the model does not list");
  return OkStatus();
}

// Unions that name a member without holding one: nobody could read or write them.
Status CheckUnions(const schema::TensorT& tensor) {
  if (tensor.quantization && IsHollow(tensor.quantization->details))
    return BadInput("its quantization details are announced, but missing");
  if (!tensor.sparsity) return OkStatus();
  for (const auto& level : tensor.sparsity->dim_metadata) {
    if (level == nullptr) return Internal("a TFLite tensor has a null sparse dimension");
    if (IsHollow(level->array_segments) || IsHollow(level->array_indices))
      return BadInput("the indices of its sparsity are announced, but missing");
  }
  return OkStatus();
}

Status CheckTensorIndex(const schema::SubGraphT& subgraph, int32_t index, const char* what) {
  if (index >= 0 && static_cast<size_t>(index) < subgraph.tensors.size()) return OkStatus();
  return BadInput(std::string("its quantization has ") + what + " in tensor " +
                  std::to_string(index) + ", the subgraph has " +
                  std::to_string(subgraph.tensors.size()));
}

Status CheckAxis(const schema::TensorT& tensor, int32_t axis) {
  if (axis >= 0 && static_cast<size_t>(axis) < tensor.shape.size()) return OkStatus();
  return BadInput("its quantized dimension is " + std::to_string(axis) + ", the shape is " +
                  ToText(tensor.shape));
}

// scales and zero points in tensors of their own.
template <typename Details>
Status CheckDetails(const schema::SubGraphT& subgraph, const Details& details, int32_t smallest) {
  EDGEOPT_CHECK_OK(CheckTensorIndex(subgraph, details.scales, "scales"));
  if (details.zero_points != -1)
    EDGEOPT_CHECK_OK(CheckTensorIndex(subgraph, details.zero_points, "zero points"));
  if (details.block_size < smallest)
    return BadInput("its quantization has blocks of " + std::to_string(details.block_size) +
                    " elements, expected " + std::to_string(smallest) + " or more");
  return OkStatus();
}

Status CheckScales(const schema::TensorT& tensor) {
  const auto& q = *tensor.quantization;
  const size_t scales = q.scale.size(), zero_points = q.zero_point.size();
  if (scales == 0) return OkStatus();
  if (zero_points != scales && zero_points != 1)
    return BadInput("its quantization has " + std::to_string(scales) + " scales and " +
                    std::to_string(zero_points) + " zero points, expected as many or one");
  // Without a shape there is nothing to compare with, as LiteRT sees it.
  if (tensor.shape.empty()) return OkStatus();
  EDGEOPT_CHECK_OK(CheckAxis(tensor, q.quantized_dimension));
  const auto size = static_cast<size_t>(tensor.shape[static_cast<size_t>(q.quantized_dimension)]);
  if (scales != 1 && scales != size)
    return BadInput("its quantization has " + std::to_string(scales) +
                    " scales, expected 1, or one per index of dimension " +
                    std::to_string(q.quantized_dimension) + " of shape " + ToText(tensor.shape));
  return OkStatus();
}

Status CheckQuantization(const schema::SubGraphT& subgraph, const schema::TensorT& tensor) {
  if (!tensor.quantization) return OkStatus();
  const auto& details = tensor.quantization->details;
  if (details.type == schema::QuantizationDetails::NONE) return CheckScales(tensor);
  if (const auto* block = details.AsBlockwiseQuantization())
    return CheckDetails(subgraph, *block, 1);
  if (const auto* axes = details.AsMultiAxisQuantization()) {
    EDGEOPT_CHECK_OK(CheckDetails(subgraph, *axes, 0));
    for (const int32_t axis : axes->quantized_dimensions) EDGEOPT_CHECK_OK(CheckAxis(tensor, axis));
  }
  return OkStatus();
}

}  // namespace

bool IsConstant(const File& file, const schema::TensorT& tensor) {
  return tensor.external_buffer != 0 ||
         (tensor.buffer != 0 && HasData(file.buffers[tensor.buffer]));
}

Status VerifyTensor(const File& file, const schema::SubGraphT& subgraph,
                    const schema::TensorT& tensor) {
  if (tensor.type < schema::TensorType::MIN || tensor.type > schema::TensorType::MAX)
    return Unsupported(
        "its element type " + TypeName(tensor.type) + " is not in the schema that edgeopt knows",
        "the model was made for a newer TensorFlow Lite");
  EDGEOPT_CHECK_OK(CheckShape(tensor));
  for (const auto& variant : tensor.variant_tensors)
    if (variant == nullptr) return Internal("a TFLite tensor has a null variant type");
  EDGEOPT_CHECK_OK(CheckUnions(tensor));
  EDGEOPT_CHECK_OK(CheckBuffer(file, tensor));
  EDGEOPT_CHECK_OK(CheckQuantization(subgraph, tensor));
  return IsConstant(file, tensor) ? CheckData(file, tensor) : OkStatus();
}

}  // namespace edgeopt::formats::tflite::internal
