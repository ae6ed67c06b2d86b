// Where a file begins to compute something else than the framework's model that it was made of.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "frameworks/worker.h"
#include "pipeline/inside_file.h"

namespace edgeopt::pipeline {

struct DifferenceStart {
  // A layer, node or operator of the framework's, by the value that it makes.
  struct Place {
    std::string name, kind;
  };
  // The value in the file that is most like the first one that is not there.
  struct Closest {
    std::string name, made_by;
    double max_abs_error = 0;  // against the framework's, whose largest absolute value is `range`
    double range = 0;
  };
  std::optional<Place> agrees_up_to;  // none: not even the first value was found
  std::optional<Place> differs_from;  // none: every value that can be told apart is there
  std::optional<Closest> closest;
  size_t values = 0, found = 0;  // of the framework
  bool complete = true;          // else those behind the last one were not looked at

  // "inside, it agrees up to 'conv1' (Conv2d) and differs from 'bn1' (BatchNorm2d) on".
  std::string ToString() const;
};
nlohmann::json ToJson(const DifferenceStart& start);

// Hands over the file's values, whenever it is called.
using FileValues = std::function<Status(const TakeFileValue& take)>;

// Values are matched by what they are, not by their names: one of the framework's is found where
// some value in the file has its elements within `tolerance` of its range, in the same order or
// with the channels moved. It begins at the first value that is not found, and of which nothing
// that is found was made: exporters fold layers together, so that a value may be missing between
// two that are there. Values that are constant, or whose number of elements no value in the file
// has, tell nothing. Unsupported when no value tells anything.
Result<DifferenceStart> FindDifferenceStart(const frameworks::InsideValues& framework,
                                            const FileValues& file, double tolerance);

}  // namespace edgeopt::pipeline
