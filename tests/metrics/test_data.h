// Observations in few words, and what data/generate.py recorded.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

inline const nlohmann::json& Expected() {
  static const nlohmann::json expected =
      nlohmann::json::parse(std::ifstream(EDGEOPT_SOURCE_DIR "/tests/metrics/data/expected.json"));
  return expected;
}

inline ir::Tensor Named(std::string name, ir::Tensor tensor) {
  tensor.name = std::move(name);
  return tensor;
}
template <typename T>
ir::Tensor Array(std::string name, ir::Dims dims, const std::vector<T>& values) {
  return Named(std::move(name), ir::Tensor::Of<T>(std::move(dims), values));
}
inline ir::Tensor Floats(std::string name, const std::vector<float>& values) {
  return Array<float>(std::move(name), {static_cast<int64_t>(values.size())}, values);
}
inline ir::Tensor Label(int64_t label) { return Named("label", ir::Tensor::Scalar(label)); }
inline ir::Tensor Text(std::string name, std::string text) {
  return Named(std::move(name), ir::Tensor::MakeStrings({}, {std::move(text)}).value());
}

using ParameterMap = std::map<std::string, std::string>;

inline Result<Score> Evaluate(std::string_view metric, const ParameterMap& parameters,
                              const std::vector<Observation>& observations) {
  EDGEOPT_TRY(const auto made, Make(metric, {parameters}));
  for (const Observation& observation : observations) EDGEOPT_CHECK_OK(made->Update(observation));
  return made->Finish();
}

// The score, or a failed test and an empty one.
inline Score ScoreOf(std::string_view metric, const ParameterMap& parameters,
                     const std::vector<Observation>& observations) {
  Result<Score> score = Evaluate(metric, parameters, observations);
  EXPECT_TRUE(score.ok()) << metric << ": " << score.error().ToString();
  return score.ok() ? *score : Score();
}

// The metric ends with an error of this code whose text holds `part`.
inline void ExpectError(ErrorCode code, std::string_view part, std::string_view metric,
                        const ParameterMap& parameters,
                        const std::vector<Observation>& observations) {
  const Result<Score> score = Evaluate(metric, parameters, observations);
  ASSERT_FALSE(score.ok()) << metric << ": expected an error with '" << part << "'";
  EXPECT_EQ(score.error().code, code) << score.error().ToString();
  EXPECT_NE(score.error().ToString().find(part), std::string::npos) << score.error().ToString();
}

}  // namespace edgeopt::metrics
