// The client's side of what goes in pieces: tensors that are too large for a line, and files that
// the agent offers.
#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/json_object.h"
#include "measure/agent/connection.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

constexpr int64_t kMegabyte = 1'000'000;

Error TooLarge(const std::string& what, int64_t size_bytes, int64_t max_bytes) {
  return Unsupported(what + " " + std::to_string(size_bytes / kMegabyte) + " MB, more than " +
                         std::to_string(max_bytes / kMegabyte) + " MB",
                     "use smaller batches");
}

}  // namespace

Status AgentClient::Connection::Stage(const Payload& payload) {
  const auto total = static_cast<int64_t>(payload.size_bytes);
  if (total > kMaxTransferBytes)
    return TooLarge("the inputs for an agent on another machine are", total, kMaxTransferBytes);
  for (int64_t offset = 0; offset < total;) {
    StageParams piece{total, offset, {}};
    piece.data.resize(std::min<size_t>(kMaxPieceBytes, payload.size_bytes - offset));
    payload.CopyTo(offset, piece.data);
    EDGEOPT_TRY(const json received, Call("stage", ToJson(piece)));
    offset += static_cast<int64_t>(piece.data.size());
  }
  return OkStatus();
}

Status AgentClient::Connection::Fetch(
    const std::string& file, int64_t max_bytes, Sink* sink,
    const std::function<Status(const FetchedPiece& piece, int64_t offset)>& take) {
  Sha256 hash;
  std::optional<FetchedPiece> first;
  int64_t offset = 0;
  do {
    EDGEOPT_TRY(const json result, Call("fetch", ToJson(FetchParams{file, offset})));
    auto piece = FetchedPieceFrom(result);
    if (!piece.ok()) return Nonsense("fetch", piece.error());
    if (!first) first = FetchedPiece{{}, piece->size_bytes, piece->sha256};
    const auto bytes = static_cast<int64_t>(piece->data.size());
    const int64_t left = first->size_bytes - offset;
    if (piece->size_bytes != first->size_bytes || piece->sha256 != first->sha256 || bytes > left ||
        (bytes == 0 && left > 0))
      return Nonsense("fetch", BadInput("the piece of '" + file + "' at " + std::to_string(offset) +
                                        " does not fit to the ones before it"));
    if (first->size_bytes > max_bytes)
      return TooLarge("'" + file + "' of the agent has", first->size_bytes, max_bytes);
    if (sink != nullptr && offset == 0) sink->Start("fetch " + file, first->size_bytes);
    hash.Update(piece->data);
    Status taken = take(*piece, offset);
    offset += bytes;
    if (sink != nullptr && taken.ok()) sink->Advance(offset);
    if (sink != nullptr && (!taken.ok() || offset == first->size_bytes)) sink->Finish();
    EDGEOPT_CHECK_OK(taken);
  } while (offset < first->size_bytes);
  if (const std::string found = hash.Finish(); found != first->sha256)
    return Nonsense(
        "fetch", BadInput("the SHA-256 of '" + file + "' is " + found + ", not " + first->sha256));
  return OkStatus();
}

Status AgentClient::Connection::FetchOutputs(const json& array) {
  fetched_ = {};
  const auto lies_apart = [](const json& tensor) {
    return tensor.is_object() && tensor.contains("offset");
  };
  if (exchange_ || !std::any_of(array.begin(), array.end(), lies_apart)) return OkStatus();
  return Fetch(kOutputsFile, kMaxTransferBytes, nullptr,
               [this](const FetchedPiece& piece, int64_t offset) -> Status {
                 EDGEOPT_TRY(const bool whole,
                             fetched_.Take(static_cast<uint64_t>(piece.size_bytes),
                                           static_cast<uint64_t>(offset), piece.data));
                 (void)whole;
                 return OkStatus();
               });
}

Status AgentClient::FetchFile(const std::string& name, const std::filesystem::path& destination,
                              Sink* sink) {
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(destination));
  EDGEOPT_CHECK_OK(
      connection_->Fetch(name, kMaxFileBytes, sink, [&file](const FetchedPiece& piece, int64_t) {
        return file.Write(piece.data.data(), piece.data.size());
      }));
  return file.Commit();
}

}  // namespace edgeopt::measure
