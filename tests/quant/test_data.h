// Arrays that data/generate.py makes too, its recorded results, and a loop over instruction sets.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hwy/highway.h"
#include "hwy/targets.h"

namespace edgeopt::quant {

inline std::vector<float> Bell(size_t count, uint32_t state) {
  std::vector<float> values(count);
  for (float& value : values) {
    int total = 0;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525u + 1013904223u;
      total += static_cast<int>(state >> 16);
    }
    value = static_cast<float>(total - 131070) / 32768.0f;
  }
  return values;
}

inline std::vector<float> Tails(size_t count, uint32_t state) {
  std::vector<float> values = Bell(count, state);
  for (float& value : values) {
    const double x = value;
    value = static_cast<float>(x * x * x / 16);
  }
  return values;
}

inline std::vector<float> Array(const std::string& name) {
  std::vector<float> values;
  if (name == "bell") {
    values = Bell(20000, 1);
  } else if (name == "relu") {
    values = Bell(20000, 2);
    for (float& value : values) value = std::max(value, 0.0f);
  } else if (name == "relu6") {
    values = Bell(20000, 3);
    for (float& value : values) value = std::clamp(value * 3 + 1, 0.0f, 6.0f);
  } else if (name == "tails") {
    values = Tails(20000, 4);
  } else if (name == "shifted") {
    values = Bell(20000, 5);
    for (float& value : values) value = value * 0.25f + 0.75f;
  }
  return values;
}

inline const nlohmann::json& Expected() {
  static const nlohmann::json expected =
      nlohmann::json::parse(std::ifstream(EDGEOPT_SOURCE_DIR "/tests/quant/data/expected.json"));
  return expected;
}

// Runs `body` once with each instruction set that was compiled and that this CPU has.
template <typename Body>
void OnEveryTarget(Body body) {
  int64_t left = hwy::SupportedTargets() & HWY_TARGETS;
  ASSERT_NE(left, 0);
  while (left != 0) {
    const int64_t target = left & -left;
    left &= left - 1;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    SCOPED_TRACE(hwy::TargetName(target));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace edgeopt::quant
