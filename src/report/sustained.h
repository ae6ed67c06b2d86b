// A long run under load, for people: a table, sentences and a plot.
#pragma once

#include <string>
#include <vector>

#include "report/record.h"

namespace edgeopt::report {

// The name of the plot beside report.md.
inline constexpr const char* kSustainedPlot = "sustained.svg";

// All require load.measured().
std::vector<std::string> SustainedHeading();
std::vector<std::vector<std::string>> SustainedRows(const Sustained& load);
// The first window against the last, the steady state, and why it counts as throttled; a line each.
std::vector<std::string> SustainedLines(const Sustained& load);
// As SVG: the median latency, and the temperature where the device tells it.
std::string SustainedPlot(const Sustained& load, const std::string& model);

}  // namespace edgeopt::report
