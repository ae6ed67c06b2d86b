// A metric's score on disk, with what paired tests need: the numbers of single samples or draws.
// The record keeps the score alone.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "metrics/metric.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// docs/formats/state.md describes the file. NaN and infinities survive. Replaces an existing file.
Status WriteScore(const std::filesystem::path& path, const metrics::Score& score);
Result<metrics::Score> ReadScore(const std::filesystem::path& path);

// What the record keeps of it. `baseline`: the baseline's score for the paired test; nullptr for
// the baseline itself. A score that can't be paired has no test.
report::Accuracy ToAccuracy(const metrics::Score& score, const metrics::Score* baseline);

}  // namespace edgeopt::pipeline
