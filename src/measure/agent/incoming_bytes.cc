#include "measure/agent/incoming_bytes.h"

#include <algorithm>
#include <new>
#include <string>

namespace edgeopt::measure {
namespace {

// Tensors begin at multiples of it (docs/agent-protocol.md), and so they lie in memory.
constexpr std::align_val_t kIncomingAlignment{64};

std::shared_ptr<std::byte> Allocate(uint64_t size_bytes) {
  void* const memory =
      ::operator new(std::max<uint64_t>(size_bytes, 1), kIncomingAlignment, std::nothrow);
  const auto release = [](std::byte* bytes) { ::operator delete(bytes, kIncomingAlignment); };
  return memory == nullptr ? nullptr
                           : std::shared_ptr<std::byte>(static_cast<std::byte*>(memory), release);
}

}  // namespace

Result<bool> IncomingBytes::Take(uint64_t size_bytes, uint64_t offset,
                                 std::span<const std::byte> piece) {
  if (offset == 0) {
    *this = IncomingBytes();
    bytes_ = Allocate(size_bytes);
    if (bytes_ == nullptr)
      return Unavailable(
          "there is no memory for tensors of " + std::to_string(size_bytes) + " bytes",
          "use smaller batches");
    size_bytes_ = size_bytes;
  }
  if (bytes_ == nullptr || size_bytes != size_bytes_ || offset != received_)
    return BadInput("a piece at " + std::to_string(offset) + " of " + std::to_string(size_bytes) +
                    " bytes does not follow the " + std::to_string(received_) + " of " +
                    std::to_string(size_bytes_) + " before it");
  if (piece.size() > size_bytes_ - received_)
    return BadInput("the piece at " + std::to_string(offset) + " ends behind the " +
                    std::to_string(size_bytes_) + " bytes of the whole");
  std::copy(piece.begin(), piece.end(), bytes_.get() + offset);
  received_ += piece.size();
  return received_ == size_bytes_;
}

Result<Buffer> IncomingBytes::Read(uint64_t offset, uint64_t size_bytes) const {
  if (bytes_ == nullptr || received_ < size_bytes_)
    return BadInput("only " + std::to_string(received_) + " of " + std::to_string(size_bytes_) +
                    " bytes of tensors have come");
  if (offset > size_bytes_ || size_bytes > size_bytes_ - offset)
    return BadInput("the " + std::to_string(size_bytes_) + " bytes that came do not hold " +
                    std::to_string(size_bytes) + " from " + std::to_string(offset));
  return Buffer::Share(bytes_, bytes_.get() + offset, size_bytes);
}

}  // namespace edgeopt::measure
