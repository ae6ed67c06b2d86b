#include "measure/agent/offered_files.h"

#include <algorithm>

#include "base/buffer.h"
#include "base/hash.h"

namespace edgeopt::measure {
namespace {

std::vector<std::byte> PieceOf(const Payload& payload, uint64_t offset) {
  std::vector<std::byte> piece(std::min<uint64_t>(kMaxPieceBytes, payload.size_bytes - offset));
  payload.CopyTo(offset, piece);
  return piece;
}

std::string HashOf(const Payload& payload) {
  Sha256 hash;
  for (uint64_t offset = 0; offset < payload.size_bytes; offset += kMaxPieceBytes)
    hash.Update(PieceOf(payload, offset));
  return hash.Finish();
}

}  // namespace

void OfferedFiles::Offer(const std::string& name, Payload content) {
  contents_[name] = {std::move(content), {}};
}

Status OfferedFiles::OfferFile(const std::string& name, const std::filesystem::path& path) {
  EDGEOPT_TRY(Buffer content, Buffer::Map(path));
  Payload payload;
  payload.size_bytes = content.size();
  payload.parts.push_back({0, std::move(content)});
  Offer(name, std::move(payload));
  return OkStatus();
}

void OfferedFiles::Withdraw(const std::string& name) { contents_.erase(name); }

Result<FetchedPiece> OfferedFiles::Fetch(const FetchParams& params) {
  const auto found = contents_.find(params.file);
  if (found == contents_.end())
    return BadInput("fetch: the agent offers no file '" + params.file + "'");
  Content& content = found->second;
  const auto offset = static_cast<uint64_t>(params.offset);
  if (offset > content.payload.size_bytes)
    return BadInput("fetch: '" + params.file + "' has " +
                    std::to_string(content.payload.size_bytes) + " bytes, not " +
                    std::to_string(params.offset));
  if (content.sha256.empty()) content.sha256 = HashOf(content.payload);
  return FetchedPiece{PieceOf(content.payload, offset),
                      static_cast<int64_t>(content.payload.size_bytes), content.sha256};
}

}  // namespace edgeopt::measure
