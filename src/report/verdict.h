// PASS or FAIL, from the record alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/record.h"

namespace edgeopt::report {

struct Verdict {
  // What is judged: the best variant, or the one whose violation is open. Never null once there is
  // a baseline.
  const Step* optimized = nullptr;
  bool pass = false;
  std::vector<std::string> failures;    // each gate that failed, with its numbers
  std::vector<std::string> not_judged;  // each gate of which nothing here tells, with the reason
  // An accepted violation: `pass` is false, and the user took it all the same.
  std::string accepted_because;
  std::optional<double> accuracy_change_ratio;  // relative to the baseline; negative is worse
  std::optional<Speedup> speedup;               // against the baseline, measured in turns
  double compression = 1;                       // baseline's size / optimized size
};

Verdict Judge(const Record& record);

// One sentence: which variant to use and why.
std::string Recommend(const Record& record, const Verdict& verdict);

}  // namespace edgeopt::report
