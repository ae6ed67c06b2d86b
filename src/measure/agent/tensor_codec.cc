#include "measure/agent/tensor_codec.h"

#include <algorithm>

#include "base/json_object.h"
#include "measure/agent/base64.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

constexpr uint64_t kAlignment = 64;
constexpr size_t kMaxTensors = 4096, kMaxRank = 64;
constexpr int64_t kMaxTensorElements = int64_t{1} << 40;

Result<ir::Dims> DecodeDims(const json& array, const std::string& where) {
  if (array.size() > kMaxRank) return BadInput(where + " has too many dimensions");
  ir::Dims dims;
  for (const json& size : array) {
    const auto number = IntegerIn(size, 0, kMaxTensorElements);
    if (!number) return BadInput(where + ": a dimension is not an integer from 0 to 2^40");
    dims.push_back(*number);
  }
  return dims;
}

Result<Buffer> DecodeElements(JsonObject& fields, uint64_t size_bytes, const ReadRange& read,
                              const std::string& where) {
  if (fields.Has("offset")) {
    EDGEOPT_TRY(const int64_t offset, fields.Integer("offset", 0, kMaxTensorElements));
    if (!read) return BadInput(where + " has an offset, but there is no exchange folder");
    if (static_cast<uint64_t>(offset) % kAlignment != 0)
      return BadInput(where + ": the offset is not a multiple of 64");
    return read(static_cast<uint64_t>(offset), size_bytes);
  }
  EDGEOPT_TRY(const std::string text, fields.Text("data"));
  auto bytes = DecodeBase64(text);
  if (!bytes) return BadInput(where + ": 'data' is not base64");
  return Buffer::Own(std::move(*bytes));
}

Result<ir::Tensor> DecodeTensor(const json& object, const ReadRange& read) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(object, "tensor"));
  EDGEOPT_TRY(std::string name, fields.Text("name"));
  const std::string where = "tensor '" + name + "'";
  EDGEOPT_TRY(const std::string type_name, fields.Text("type"));
  const auto type = ir::DataTypeFromName(type_name);
  if (!type || *type == ir::DataType::kUndefined)
    return BadInput(where + " has the unknown type '" + type_name + "'");
  EDGEOPT_TRY(const json* size_list, fields.Array("dims"));
  EDGEOPT_TRY(ir::Dims dims, DecodeDims(*size_list, where));
  auto count = ir::ElementCount(dims);
  if (!count.ok()) return count.error().Within(where);
  if (*count > kMaxTensorElements) return BadInput(where + " has too many elements");
  Result<ir::Tensor> tensor = ir::Tensor();
  if (*type == ir::DataType::kString) {
    EDGEOPT_TRY(const json* list, fields.Array("strings"));
    std::vector<std::string> strings;
    for (const json& element : *list) {
      if (!element.is_string()) return BadInput(where + ": an element is not a text");
      strings.push_back(element.get<std::string>());
    }
    tensor = ir::Tensor::MakeStrings(std::move(dims), std::move(strings));
  } else {
    const auto size = static_cast<uint64_t>(ir::StorageBytes(*type, *count));
    EDGEOPT_TRY(Buffer data, DecodeElements(fields, size, read, where));
    tensor = ir::Tensor::Make(*type, std::move(dims), std::move(data));
  }
  if (!tensor.ok()) return tensor.error().Within(where);
  EDGEOPT_CHECK_OK(fields.Finish());
  tensor->name = std::move(name);
  return tensor;
}

}  // namespace

void Payload::CopyTo(uint64_t offset, std::span<std::byte> out) const {
  std::fill(out.begin(), out.end(), std::byte{0});
  const uint64_t end = offset + out.size();
  auto part = std::partition_point(parts.begin(), parts.end(), [&](const Part& candidate) {
    return candidate.offset + candidate.data.size() <= offset;
  });
  for (; part != parts.end() && part->offset < end; ++part) {
    const uint64_t first = std::max(offset, part->offset);
    const uint64_t last = std::min(end, part->offset + part->data.size());
    const auto bytes = part->data.bytes().subspan(first - part->offset, last - first);
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<ptrdiff_t>(first - offset));
  }
}

uint64_t ElementBytes(std::span<const ir::Tensor> tensors) {
  uint64_t bytes = 0;
  for (const ir::Tensor& tensor : tensors)
    if (tensor.type() != ir::DataType::kString) bytes += tensor.data().size();
  return bytes;
}

json EncodeTensors(std::span<const ir::Tensor> tensors, Payload* payload) {
  json array = json::array();
  for (const ir::Tensor& tensor : tensors) {
    json object = {{"name", tensor.name}, {"type", Name(tensor.type())}, {"dims", tensor.dims()}};
    if (tensor.type() == ir::DataType::kString) {
      object["strings"] = tensor.strings();
    } else if (payload == nullptr) {
      object["data"] = EncodeBase64(tensor.data().bytes());
    } else {
      const uint64_t offset = (payload->size_bytes + kAlignment - 1) / kAlignment * kAlignment;
      object["offset"] = offset;
      payload->parts.push_back({offset, tensor.data()});
      payload->size_bytes = offset + tensor.data().size();
    }
    array.push_back(std::move(object));
  }
  return array;
}

Result<std::vector<ir::Tensor>> DecodeTensors(const json& array, const ReadRange& read) {
  if (!array.is_array() || array.size() > kMaxTensors)
    return BadInput("tensors are not an array of at most " + std::to_string(kMaxTensors));
  std::vector<ir::Tensor> tensors;
  for (const json& object : array) {
    EDGEOPT_TRY(ir::Tensor tensor, DecodeTensor(object, read));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace edgeopt::measure
