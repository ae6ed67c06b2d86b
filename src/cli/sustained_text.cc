#include "cli/sustained_text.h"

#include "cli/table.h"
#include "report/sustained.h"

namespace edgeopt::cli {

std::string SustainedText(const report::Sustained& load) {
  std::string text =
      "\nUnder sustained load\n" + Table(report::SustainedHeading(), report::SustainedRows(load));
  for (const std::string& line : report::SustainedLines(load)) text += line + "\n";
  return text;
}

}  // namespace edgeopt::cli
