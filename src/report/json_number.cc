#include "report/json_number.h"

#include <cmath>
#include <limits>

namespace edgeopt::report {
namespace {

constexpr const char* kNaN = "NaN";
constexpr const char* kInfinity = "Infinity";
constexpr const char* kMinusInfinity = "-Infinity";

}  // namespace

nlohmann::json NumberToJson(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return kNaN;
  return value > 0 ? kInfinity : kMinusInfinity;
}

std::optional<double> NumberFromJson(const nlohmann::json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == kNaN) return std::numeric_limits<double>::quiet_NaN();
  if (json == kInfinity) return std::numeric_limits<double>::infinity();
  if (json == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace edgeopt::report
