// The option --table of the commands that quantize: beside calibration data the table is written,
// without data it is read in their place.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "quant/calibration_table.h"

namespace edgeopt::cli {

class Parser;

void AddTableOption(Parser& parser, std::string& path);

// Unavailable when it can't be read; BadInput when it is none, or of another file than `model`. (A
// table that records no model is known by its values' names alone.)
Result<quant::CalibrationTable> ReadTable(const std::string& path, const std::string& model);

// Both files or none: the table gets its name after `write_model` gave the model its own.
Status WriteWithTable(const std::string& path, const nlohmann::json& table, Overwrite overwrite,
                      const std::function<Status()>& write_model);

}  // namespace edgeopt::cli
