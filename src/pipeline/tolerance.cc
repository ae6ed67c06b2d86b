#include "pipeline/tolerance.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace edgeopt::pipeline {
namespace {

nlohmann::json ToJson(const OutputDifference& output) {
  nlohmann::json row = {{"name", output.name}};
  if (output.is_float) {
    row["max_abs_error"] = output.max_abs_error;
    row["range"] = output.range;
    row["sqnr_db"] =
        std::isfinite(output.sqnr_db()) ? nlohmann::json(output.sqnr_db()) : nlohmann::json();
  } else {
    row["unequal_elements"] = output.unequal;
  }
  return row;
}

}  // namespace

nlohmann::json ToJson(const Oracle& oracle, const std::vector<OutputDifference>& differences) {
  return ToJson(differences, oracle.random_samples(), oracle.data_samples());
}

nlohmann::json ToJson(const std::vector<OutputDifference>& differences, int64_t random_samples,
                      int64_t data_samples) {
  nlohmann::json verified = {{"random_samples", random_samples},
                             {"data_samples", data_samples},
                             {"outputs", nlohmann::json::array()}};
  for (const OutputDifference& output : differences) verified["outputs"].push_back(ToJson(output));
  return verified;
}

}  // namespace edgeopt::pipeline
