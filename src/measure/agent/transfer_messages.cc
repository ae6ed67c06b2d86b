// The messages `stage` and `fetch` of the agent protocol: what is too large for a line, in pieces.
#include "base/json_object.h"
#include "measure/agent/base64.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

Result<std::vector<std::byte>> PieceFrom(JsonObject& fields, const std::string& method) {
  EDGEOPT_TRY(const std::string text, fields.Text("data"));
  auto data = DecodeBase64(text);
  if (!data) return BadInput(method + ": 'data' is not base64");
  if (data->size() > kMaxPieceBytes) return BadInput(method + ": a piece is larger than 1 MiB");
  return std::move(*data);
}

}  // namespace

json ToJson(const StageParams& params) {
  return {
      {"size", params.size_bytes}, {"offset", params.offset}, {"data", EncodeBase64(params.data)}};
}

Result<StageParams> StageParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "stage"));
  StageParams params;
  EDGEOPT_TRY(params.size_bytes, fields.Integer("size", 0, kMaxTransferBytes));
  EDGEOPT_TRY(params.offset, fields.Integer("offset", 0, kMaxTransferBytes));
  EDGEOPT_TRY(params.data, PieceFrom(fields, "stage"));
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const FetchParams& params) {
  return {{"file", params.file}, {"offset", params.offset}};
}

Result<FetchParams> FetchParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "fetch"));
  FetchParams params;
  EDGEOPT_TRY(params.file, fields.Text("file"));
  EDGEOPT_TRY(params.offset, fields.Integer("offset", 0, kMaxFileBytes));
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const FetchedPiece& piece) {
  return {{"data", EncodeBase64(piece.data)}, {"size", piece.size_bytes}, {"sha256", piece.sha256}};
}

Result<FetchedPiece> FetchedPieceFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "fetch"));
  FetchedPiece piece;
  EDGEOPT_TRY(piece.data, PieceFrom(fields, "fetch"));
  EDGEOPT_TRY(piece.size_bytes, fields.Integer("size", 0, kMaxFileBytes));
  EDGEOPT_TRY(piece.sha256, fields.Text("sha256"));
  if (!IsSha256(piece.sha256)) return BadInput("fetch: 'sha256' is not one");
  EDGEOPT_CHECK_OK(fields.Finish());
  return piece;
}

}  // namespace edgeopt::measure
