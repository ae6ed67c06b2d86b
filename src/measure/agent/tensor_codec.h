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

// Elements that go into the exchange file, and where.
struct Payload {
  struct Part {
    uint64_t offset;
    Buffer data;
  };
  std::vector<Part> parts;
  uint64_t size_bytes = 0;
};

// With a payload the elements are appended to it, without one they are base64 in the JSON.
nlohmann::json EncodeTensors(std::span<const ir::Tensor> tensors, Payload* payload);

// Bytes of the exchange file.
using ReadRange = std::function<Result<Buffer>(uint64_t offset, uint64_t size_bytes)>;
// BadInput for whatever does not follow the form; an empty `read` refuses offsets.
Result<std::vector<ir::Tensor>> DecodeTensors(const nlohmann::json& array, const ReadRange& read);

}  // namespace edgeopt::measure
