// What calibration found, as plain data and as JSON: packaged with the model, and enough to choose
// ranges again for another scheme, calibrator or runtime without running the model.
//
//   {"schema_version": 1, "kind": "calibration-table", "model_sha256": "...",
//    "data": {"description": "...", "sha256": "...", "generated": false, "samples": 100},
//    "calibrator": "entropy", "rules": "onnxruntime-x64", "percentile": 99.999,
//    "tensors": {"NAME": {
//      "min": -1.5, "max": 6.0, "count": 1000, "zeros": 20, "nonfinite": 0, "extreme": 0,
//      "batches": {"count": 100, "first": [a, b], "moving": [a, b], "sum": [a, b]},
//      "ranges": {"entropy": [-1.25, 5.5]}, "half_difference": {"entropy": 0.02},
//      "histogram": {"exponent": 3, "bins": 512, "positive": [...], "negative": [...]}}},
//    "means": {"NAME": [0.5, 1.25]}}
//
// "rules" and "percentile" are what "ranges" were made for; older tables lack them. "histogram" may
// be absent. Bin i of a side counts the values with i * w <= |x| < (i + 1) * w,
// w = 2^exponent / bins; zeros are in no bin; empty bins at a side's end are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "quant/statistics.h"

namespace edgeopt::quant {

// Where the numbers come from.
struct CalibrationData {
  std::string description;  // "folder photos, preprocessing imagenet.toml"
  std::string sha256;       // of the data, or empty
  bool generated = false;   // random, not the user's data
  uint64_t samples = 0;
  bool operator==(const CalibrationData&) const = default;
};

struct CalibratedTensor {
  TensorStatistics statistics;
  // By calibrator name.
  std::map<std::string, Range> ranges;
  // RelativeDifference of the ranges that the two halves of the data give, by calibrator name.
  std::map<std::string, double> half_difference;
};

struct CalibrationTable {
  static constexpr int kSchemaVersion = 1;
  std::string model_sha256;
  CalibrationData data;
  std::string calibrator;  // the one whose ranges were used; empty: none yet
  // The rule set (passes/quantize/rules.h) whose types and limits the ranges fit, and what its
  // percentile calibrator kept. Empty: not known, so only the statistics serve.
  std::string rules;
  double percentile = 0;
  std::map<std::string, CalibratedTensor> tensors;  // by value name
  // Of the inputs of layers, the mean of each channel, by value name; older tables lack them.
  std::map<std::string, std::vector<float>> means;
};

// Keeps a histogram in this many bins for each side: a power of two up to Histogram::kBins (then
// without loss); 0 leaves histograms out. BadInput when a name is not UTF-8.
Result<std::string> ToJson(const CalibrationTable& table, size_t histogram_bins = 512);
// BadInput, naming the field, for anything that ToJson would not write; Unsupported for another
// schema version. Counts of merged bins are spread evenly over the bins of a Histogram.
Result<CalibrationTable> CalibrationTableFromJson(std::string_view text);

}  // namespace edgeopt::quant
