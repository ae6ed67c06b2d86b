// All that stands in the way of a conversion, told at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace edgeopt::formats::tflite {

// Kept by reason, in the order in which reasons turn up, so that one that a hundred operators share
// is told once.
class Problems {
 public:
  // `where`: "node 'conv1' (Conv)".
  void Add(std::string where, const Error& why) {
    ++count_;
    const std::string reason = why.ToString();
    const auto known = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const Group& group) { return group.reason == reason; });
    if (known == groups_.end())
      groups_.push_back({reason, std::move(where)});
    else
      known->places += ", " + where;
  }

  // Unsupported: "2 nodes can't be converted to ONNX: PLACE, PLACE: reason; PLACE: other reason".
  Status ToStatus(const std::string& what, const std::string& target, std::string hint) const {
    if (count_ == 0) return OkStatus();
    std::string text = std::to_string(count_) + " " + what + (count_ == 1 ? "" : "s") +
                       " can't be converted to " + target + ":";
    for (const Group& group : groups_)
      text += (&group == &groups_.front() ? " " : "; ") + group.places + ": " + group.reason;
    return Unsupported(std::move(text), std::move(hint));
  }

 private:
  struct Group {
    std::string reason, places;
  };
  int64_t count_ = 0;
  std::vector<Group> groups_;
};

}  // namespace edgeopt::formats::tflite
