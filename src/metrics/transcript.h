// Text out of a model's output: strings as they are, and greedy CTC decoding of character scores
// (A. Graves et al., Connectionist Temporal Classification, ICML 2006, section 3.2, best path).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "metrics/metric.h"
#include "metrics/parameters.h"

namespace edgeopt::metrics {

// Parameters, for outputs that are numbers: scores [T, C] (also [1, T, C] and [T, 1, C]), or class
// indices [T] of an integer type:
//   alphabet       the characters in the order of the classes, without the blank
//   alphabet_file  the same as a UTF-8 file with one entry per line (an entry may be longer than
//                  one character, a line with one space is the space)
//   append_space   true: a space follows the alphabet (default false)
//   blank          index of the blank class: first (default) or last
class TextReader {
 public:
  static std::vector<std::string_view> KnownParameters() {
    return {"alphabet", "alphabet_file", "append_space", "blank"};
  }
  static Result<TextReader> Make(const Parameters& parameters);
  // The text that the model reads in this sample.
  Result<std::string> Read(const Observation& observation, int64_t sample) const;

 private:
  TextReader() = default;
  Result<std::string> Collapse(const std::vector<int64_t>& classes, int64_t class_count,
                               const std::string& where) const;
  std::string output_;
  std::vector<std::string> alphabet_;
  bool blank_is_last_ = false;
};

enum class ErrorUnit { kWord, kCharacter };

// Errors over all samples divided by the words or characters of all transcripts (target "text").
// Words are what white space separates; characters are Unicode code points, white space included
// but for its ends. Not in [0, 1]: insertions can outnumber what there is.
Result<std::unique_ptr<Metric>> MakeTextErrorMetric(std::string_view name, ErrorUnit unit,
                                                    const MetricOptions& options);

}  // namespace edgeopt::metrics
