// What a long-running call tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/sinks.h"

namespace edgeopt::frameworks {

class RecordingSink : public Sink {
 public:
  void Start(std::string_view label, int64_t) override { started.emplace_back(label); }
  void Finish() override { ++finished; }
  void Note(std::string_view text) override { notes.emplace_back(text); }

  std::vector<std::string> started, notes;
  int finished = 0;
};

}  // namespace edgeopt::frameworks
