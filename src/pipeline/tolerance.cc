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
  nlohmann::json verified = {{"random_samples", oracle.random_samples()},
                             {"data_samples", oracle.data_samples()},
                             {"outputs", nlohmann::json::array()}};
  for (const OutputDifference& output : differences) verified["outputs"].push_back(ToJson(output));
  return verified;
}

}  // namespace edgeopt::pipeline
