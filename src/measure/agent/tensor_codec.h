// Tensors as the agent protocol writes them (docs/agent-protocol.md, "Tensors").
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::measure {

// Elements that lie apart from the JSON (in the exchange file, or sent in pieces), and where.
struct Payload {
  struct Part {
    uint64_t offset;
    Buffer data;
  };
  std::vector<Part> parts;  // by offset, one behind the other
  uint64_t size_bytes = 0;

  // What the file holds from `offset`: zeros between the parts. Requires offset + out.size() <=
  // size_bytes.
  void CopyTo(uint64_t offset, std::span<std::byte> out) const;
};

// Of the tensors' elements, those of strings not counted.
uint64_t ElementBytes(std::span<const ir::Tensor> tensors);

// With a payload the elements are appended to it, without one they are base64 in the JSON.
nlohmann::json EncodeTensors(std::span<const ir::Tensor> tensors, Payload* payload);

// Bytes of the exchange file, or of what came in pieces.
using ReadRange = std::function<Result<Buffer>(uint64_t offset, uint64_t size_bytes)>;
// BadInput for whatever does not follow the form; an empty `read` refuses offsets.
Result<std::vector<ir::Tensor>> DecodeTensors(const nlohmann::json& array, const ReadRange& read);

}  // namespace edgeopt::measure
