#include "cli/table.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace edgeopt::cli {
namespace {

bool LooksLikeNumber(const std::string& cell) {
  return cell.empty() || cell == "-" ||
         std::isdigit(static_cast<unsigned char>(cell[cell[0] == '-' || cell[0] == '+' ? 1 : 0])) !=
             0;
}

// Columns on a terminal: bytes that continue a UTF-8 character take none.
size_t Width(const std::string& cell) {
  return static_cast<size_t>(
      std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return {};
  std::vector<size_t> widths;
  std::vector<bool> numeric;
  for (size_t column = 0; column < header.size(); ++column) {
    widths.push_back(Width(header[column]));
    numeric.push_back(true);
    for (const auto& row : rows) {
      widths[column] = std::max(widths[column], Width(row.at(column)));
      numeric[column] = numeric[column] && LooksLikeNumber(row[column]);
    }
  }
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (size_t column = 0; column < cells.size(); ++column) {
      const std::string padding(widths[column] - Width(cells[column]), ' ');
      out += "  " + (numeric[column] ? padding + cells[column] : cells[column] + padding);
    }
    text += out.erase(out.find_last_not_of(' ') + 1) + "\n";
  };
  line(header);
  for (const auto& row : rows) line(row);
  return text;
}

std::string Count(int64_t value) {
  char text[32];
  const auto number = static_cast<double>(value);
  if (value >= 1'000'000'000)
    std::snprintf(text, sizeof text, "%.2f G", number / 1e9);
  else if (value >= 1'000'000)
    std::snprintf(text, sizeof text, "%.2f M", number / 1e6);
  else if (value >= 10'000)
    std::snprintf(text, sizeof text, "%.1f k", number / 1e3);
  else
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  return text;
}

}  // namespace edgeopt::cli
