// Decompression of untrusted data: the size is known beforehand, and nothing is allocated for a
// size that the compressed bytes cannot hold.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::data {

enum class Compression { kGzip, kRawDeflate };

class Inflater {
 public:
  // The bytes outlive the inflater.
  Inflater(std::span<const std::byte> compressed, Compression compression);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Exactly the next `size` bytes. BadInput where the data ends before or is damaged.
  Status Read(void* target, size_t size);
  // BadInput unless all of the data has been read and its checksum is right.
  Status End();
  // The next `size` bytes, in memory, or where they are many in a file of the system's temporary
  // folder that has no name and vanishes with the buffer.
  Result<Buffer> ReadBuffer(uint64_t size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgeopt::data
