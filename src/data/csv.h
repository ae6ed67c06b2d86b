// Comma-separated values (RFC 4180): quoted fields may hold commas, line ends and doubled quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::data {

struct CsvRow {
  int line = 0;  // where it begins
  std::vector<std::string> fields;
};
// Blank lines are left out; a byte order mark is skipped. BadInput for a quote that does not end.
Result<std::vector<CsvRow>> ParseCsv(std::string_view text);

}  // namespace edgeopt::data
