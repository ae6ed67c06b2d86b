// Columns of text for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgeopt::cli {

// Rows of cells as lines, indented by two spaces, columns aligned and two spaces apart. A column
// whose cells below the header all look like numbers is aligned to the right. Without rows: empty.
std::string Table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows);

// "385.9 M", "4.65 M", "12.3 k", "870".
std::string Count(int64_t value);

}  // namespace edgeopt::cli
