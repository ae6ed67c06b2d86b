#include "metrics/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace edgeopt::metrics {
namespace {

constexpr std::string_view kCommon[] = {"output", "input_size"};

std::string Join(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

template <typename T>
bool ParseWhole(std::string_view text, T& value) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size();
}

std::string Shortest(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

}  // namespace

Result<Parameters> Parameters::Make(std::string_view owner, const MetricOptions& options,
                                    std::vector<std::string_view> known) {
  known.insert(known.end(), std::begin(kCommon), std::end(kCommon));
  for (const auto& [name, value] : options.parameters)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return UsageError("metric '" + std::string(owner) + "' has no parameter '" + name + "'",
                        "it has: " + Join(known));
  Parameters parameters;
  parameters.owner_ = owner;
  parameters.values_ = options.parameters;
  return parameters;
}

std::string Parameters::Text(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::string(fallback) : found->second;
}

Error Parameters::Wrong(std::string_view name, std::string_view what) const {
  return UsageError(
      "metric '" + owner_ + "': parameter '" + std::string(name) + "' is '" + Text(name) + "'",
      std::string(what));
}

Result<double> Parameters::Number(std::string_view name, double fallback, double low,
                                  double high) const {
  if (!Has(name)) return fallback;
  double value = 0;
  if (!ParseWhole(Text(name), value) || !(value >= low && value <= high))
    return Wrong(name, "give a number from " + Shortest(low) + " to " + Shortest(high));
  return value;
}

Result<int64_t> Parameters::Integer(std::string_view name, int64_t fallback, int64_t low,
                                    int64_t high) const {
  if (!Has(name)) return fallback;
  int64_t value = 0;
  if (!ParseWhole(Text(name), value) || value < low || value > high)
    return Wrong(name,
                 "give a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return value;
}

Result<bool> Parameters::Flag(std::string_view name, bool fallback) const {
  if (!Has(name)) return fallback;
  const std::string text = Text(name);
  if (text != "true" && text != "false") return Wrong(name, "give true or false");
  return text == "true";
}

Result<std::string> Parameters::Choice(std::string_view name,
                                       std::vector<std::string_view> choices) const {
  const std::string text = Text(name, choices.front());
  if (std::find(choices.begin(), choices.end(), text) == choices.end())
    return Wrong(name, "give one of: " + Join(choices));
  return text;
}

Result<std::vector<double>> Parameters::Numbers(std::string_view name,
                                                std::vector<double> fallback) const {
  if (!Has(name)) return fallback;
  std::vector<double> values;
  for (const std::string& word : SplitList(Text(name))) {
    double value = 0;
    if (!ParseWhole(std::string_view(word), value) || !std::isfinite(value))
      return Wrong(name, "give numbers between commas");
    values.push_back(value);
  }
  return values;
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    word.remove_suffix(word.size() - (word.find_last_not_of(' ') + 1));
    words.emplace_back(word);
    if (comma == text.size()) return words;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace edgeopt::metrics
