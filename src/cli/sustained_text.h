// A long run under load, for people: a table and a plot.
#pragma once

#include <string>

#include "measure/sustained.h"

namespace edgeopt::cli {

std::string SustainedText(const measure::SustainedLoad& load);

// As SVG: the median latency, and the temperature where the device tells it.
std::string SustainedPlot(const measure::SustainedLoad& load, const std::string& model);

}  // namespace edgeopt::cli
