// What a metric is: it is handed samples one by one (what the model gave, what was true) and ends
// with one score and its confidence interval. Arrays in, numbers out: no files, no models, no
// runtimes. One metric per file in kinds/, found by the build.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/statistics.h"
#include "ir/tensor.h"

namespace edgeopt::metrics {

using edgeopt::Interval;

// One evaluated sample: the model's outputs without batch axis (a batch axis of 1 that is still
// there does no harm), and what the data set says is true. Tensor::name tells what is what.
//
// Targets:
//   "label"            int64 []        class index
//   "mask"             int64 [H, W]    class per pixel; 255: ignore
//   "text"             string []       transcript
//   "target"           any             values to predict; further ones under their own names
//   "boxes"            float32 [N, 4]  x1, y1, x2, y2 in pixels of the original image
//   "classes"          int64 [N]
//   "crowd"            bool [N]        COCO's iscrowd; absent: none
//   "difficult"        bool [N]        VOC's difficult; absent: none
//   "area"             float32 [N]     COCO's area, in pixels; absent: the boxes' own
//   "image_size"       int64 [2]       height, width of the original image
//   "image_transform"  float32 [4]     scale_x, scale_y, offset_x, offset_y of preprocessing:
//                                      model pixel = original pixel * scale + offset
//   "image_id"         int64 []
//   "reference:NAME"                   output NAME of the baseline, for metrics of agreement
struct Observation {
  std::vector<ir::Tensor> outputs, targets;
};

struct Score {
  double value = 0;  // measures of accuracy: in [0, 1]
  int64_t samples = 0;
  Interval interval;
  bool higher_is_better = true;
  std::string unit;                       // "": a plain ratio
  std::map<std::string, double> details;  // "ties", "ap50", "class/3"; what is undefined is absent
  // One number per sample whose mean is `value` (1 right, 0 wrong; or an error). Empty where the
  // score is no mean over samples.
  std::vector<float> per_sample;
  // The score on bootstrap draws of the samples, the same draws for equal numbers of samples (see
  // Resampler); NaN on a draw that leaves it undefined, infinite where `value` can be. Empty where
  // per_sample says it all.
  std::vector<double> replicates;
};

class Metric {
 public:
  virtual ~Metric() = default;
  // BadInput, naming sample and tensor, for what does not fit: a missing target, NaN, a label
  // outside the classes. After an error the metric is of no more use.
  virtual Status Update(const Observation& observation) = 0;
  // Once, after the last sample. BadInput when there was no sample.
  virtual Result<Score> Finish() = 0;
};

// Parameters every metric accepts, used or not:
//   output      name of the output to judge; needed where the model has several
//   input_size  "HEIGHTxWIDTH" of the model's image input, set by the caller: detections in
//               normalized coordinates and letterboxed masks need it
// The others are each metric's own; its file names them. An unknown one is a usage error.
struct MetricOptions {
  std::map<std::string, std::string> parameters;
};

// One row of the table of metrics; returned by the function that has the file's name.
struct MetricInfo {
  std::string_view name, summary;
  bool needs_labels = true;  // false: the baseline's outputs are the reference
  Result<std::unique_ptr<Metric>> (*make)(const MetricOptions&) = nullptr;
  bool finite_best = true;  // false: infinite for equal outputs, so that no floor can be set by it
};

// All metrics, sorted by name; generated from the files of src/metrics/kinds/.
std::span<const MetricInfo> Table();
// Usage error, listing the known names, for an unknown one.
Result<std::unique_ptr<Metric>> Make(std::string_view name, const MetricOptions& options);

// Is the candidate different from the baseline, on the same samples? Differences are candidate -
// baseline.
struct PairedTest {
  std::string method;
  double difference = 0;
  Interval interval;   // of the difference
  double p_value = 1;  // two-sided, of "no difference"
  int64_t samples = 0;
};
// McNemar's exact test for scores of right and wrong, a paired bootstrap for the others. BadInput
// when the sample counts differ; Unsupported for a score that can't be resampled (`command`).
Result<PairedTest> Compare(const Score& baseline, const Score& candidate);

}  // namespace edgeopt::metrics
