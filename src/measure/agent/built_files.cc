#include "measure/agent/built_files.h"

#include "base/hash.h"
#include "base/json_object.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

using nlohmann::json;

Result<std::vector<BuiltFile>> OfferBuilt(const std::vector<std::filesystem::path>& files,
                                          OfferedFiles& offered) {
  std::vector<BuiltFile> built;
  for (const std::filesystem::path& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return Unavailable("'" + file.string() + "' is gone: " + error.message());
    EDGEOPT_TRY(std::string sha256, Sha256File(file));
    built.push_back({file.filename().string(), static_cast<int64_t>(size), std::move(sha256)});
    EDGEOPT_CHECK_OK(offered.OfferFile(built.back().name, file));
  }
  return built;
}

json ToJson(const std::vector<BuiltFile>& files) {
  json list = json::array();
  for (const BuiltFile& file : files)
    list.push_back({{"name", file.name}, {"size", file.size_bytes}, {"sha256", file.sha256}});
  return {{"files", std::move(list)}};
}

Result<std::vector<BuiltFile>> BuiltFilesFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "built"));
  EDGEOPT_TRY(const json* list, fields.Array("files"));
  EDGEOPT_CHECK_OK(fields.Finish());
  std::vector<BuiltFile> files;
  for (const json& entry : *list) {
    EDGEOPT_TRY(JsonObject row, JsonObject::Of(entry, "built file"));
    BuiltFile file;
    EDGEOPT_TRY(file.name, row.Text("name"));
    // It may become the name of a file here.
    const bool plain = !file.name.empty() && file.name.front() != '.' &&
                       file.name.find('/') == std::string::npos &&
                       file.name.find('\0') == std::string::npos;
    if (!plain) return BadInput("built: '" + file.name + "' is no plain name");
    EDGEOPT_TRY(file.size_bytes, row.Integer("size", 0, kMaxFileBytes));
    EDGEOPT_TRY(file.sha256, row.Text("sha256"));
    if (!IsSha256(file.sha256)) return BadInput("built: a 'sha256' is not one");
    EDGEOPT_CHECK_OK(row.Finish());
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace edgeopt::measure
