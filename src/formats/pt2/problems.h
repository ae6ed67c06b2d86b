// All that stands in the way of reading a program, told at once. Internal to formats/pt2.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.h"

namespace edgeopt::formats::pt2 {

class Problems {
 public:
  // An operator that has no rule.
  void AddMissing(const std::string& target) { ++missing_[target]; }
  // One whose rule does not know this form of it. Equal reasons are told once.
  void AddRefused(const std::string& target, const Error& why) { ++refused_[{target, why}]; }
  // Unsupported, unless there are none.
  Status ToStatus() const;

 private:
  struct Refused {
    std::string target;
    Error why;
    friend bool operator<(const Refused& a, const Refused& b) {
      return std::pair(a.target, a.why.message) < std::pair(b.target, b.why.message);
    }
  };
  std::map<std::string, int64_t> missing_;
  std::map<Refused, int64_t> refused_;
};

}  // namespace edgeopt::formats::pt2
