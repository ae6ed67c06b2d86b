#include "cli/table_file.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "cli/parser.h"

namespace edgeopt::cli {
namespace {

constexpr const char* kWriteAnew = "write a table with --calibration DATA --table FILE";
// Enough of a hash to tell two models apart by eye.
constexpr size_t kShownDigits = 12;

}  // namespace

void AddTableOption(Parser& parser, std::string& path) {
  parser.Add("--table", path, "calibration table: written; without data, read").TypeName("FILE");
}

Result<quant::CalibrationTable> ReadTable(const std::string& path, const std::string& model) {
  const auto text = ReadFile(path);
  if (!text.ok()) return Unavailable(text.error().message, kWriteAnew);
  auto table = quant::CalibrationTableFromJson(*text);
  if (!table.ok()) return table.error().Within("'" + path + "'");
  if (table->model_sha256.empty()) return table;
  EDGEOPT_TRY(const std::string found, Sha256File(model));
  if (found != table->model_sha256)
    return BadInput("'" + path + "' is the calibration table of another model: its SHA-256 is " +
                        table->model_sha256.substr(0, kShownDigits) + "..., that of '" + model +
                        "' " + found.substr(0, kShownDigits) + "...",
                    std::string("name the model that it was made of, or ") + kWriteAnew);
  return table;
}

Status WriteWithTable(const std::string& path, const nlohmann::json& table, Overwrite overwrite,
                      const std::function<Status()>& write_model) {
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(path, overwrite));
  EDGEOPT_CHECK_OK(file.Write(table.dump() + "\n"));
  EDGEOPT_CHECK_OK(write_model());
  return file.Commit();
}

}  // namespace edgeopt::cli
