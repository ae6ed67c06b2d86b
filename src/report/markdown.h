// report.md and report.json.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/record.h"

namespace edgeopt::report {

// A record, and what is known about it outside.
struct Input {
  const Record& record;
  std::string date;                      // of the report, UTC, ISO 8601
  std::string package;                   // path of the packaged model; empty: not packaged
  std::vector<Suggestion> alternatives;  // at an open violation: what, and the command
};

std::string Markdown(const Input& input);
// docs/formats/report.md describes it.
nlohmann::json Document(const Input& input);

inline constexpr int kReportSchemaVersion = 1;

}  // namespace edgeopt::report
