// Bytes that arrive piece by piece and are used as a whole: tensors that are too large for a line
// of the agent protocol, on whichever side receives them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::measure {

class IncomingBytes {
 public:
  // Takes the next piece of `size_bytes`, which is the same for all of them. Pieces come in order
  // from offset 0; one at 0 starts anew. True with the last. BadInput for a piece out of order or
  // behind the end, Unavailable when there is no memory for all; what came before is then gone.
  Result<bool> Take(uint64_t size_bytes, uint64_t offset, std::span<const std::byte> piece);

  // A part of the whole, which shares its memory. BadInput when it is not whole, or too short.
  Result<Buffer> Read(uint64_t offset, uint64_t size_bytes) const;

 private:
  std::shared_ptr<std::byte> bytes_;
  uint64_t size_bytes_ = 0, received_ = 0;
};

}  // namespace edgeopt::measure
