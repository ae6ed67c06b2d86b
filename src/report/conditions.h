// What is told of the conditions that a run was measured under.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/record.h"

namespace edgeopt::report {

// Why what was measured under this (Step::measured_under) counts as throttled; empty: it does not,
// or nothing is known about it.
std::vector<std::string> ThrottledUnder(const nlohmann::json& measured_under);

// "hottest zone 52 to 71 C, CPU 1500 to 2400 MHz, fan 3100 to 4200 rpm, VDD_IN 5140 mW in the
// mean"; empty where the machine has no such sensors.
std::string ConditionsText(const nlohmann::json& measured_under);

// Where the run is measured and how the clocks were: "pi@board (Raspberry Pi 5 Model B Rev 1.0),
// clocks locked". Empty for a run on this machine for which nobody asked for locked clocks.
std::string MeasuredOn(const Record& record);

}  // namespace edgeopt::report
