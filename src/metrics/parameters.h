// The parameters of a metric, checked: names against those that are known, values against their
// type and range. Errors are usage errors that name metric and parameter.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

class Parameters {
 public:
  // `owner` is the metric, for messages. `known` are the names beside those that every metric has.
  static Result<Parameters> Make(std::string_view owner, const MetricOptions& options,
                                 std::vector<std::string_view> known = {});

  bool Has(std::string_view name) const { return values_.contains(std::string(name)); }
  std::string Text(std::string_view name, std::string_view fallback = {}) const;
  Result<double> Number(std::string_view name, double fallback, double low, double high) const;
  Result<int64_t> Integer(std::string_view name, int64_t fallback, int64_t low, int64_t high) const;
  Result<bool> Flag(std::string_view name, bool fallback) const;  // true or false
  // One of `choices`; the first is the default.
  Result<std::string> Choice(std::string_view name, std::vector<std::string_view> choices) const;
  // Numbers between commas.
  Result<std::vector<double>> Numbers(std::string_view name, std::vector<double> fallback) const;

  const std::string& owner() const { return owner_; }
  // "metric 'map': parameter 'iou' is 'x'; WHAT".
  Error Wrong(std::string_view name, std::string_view what) const;

 private:
  std::string owner_;
  std::map<std::string, std::string> values_;
};

// Words between commas, without blanks around them.
std::vector<std::string> SplitList(std::string_view text);

}  // namespace edgeopt::metrics
