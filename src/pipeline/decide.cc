#include "pipeline/decide.h"

#include <cmath>

#include "pipeline/shipping.h"
#include "report/text.h"

namespace edgeopt::pipeline {

using report::Decision;
using report::Number;
using report::Percent;
using report::Record;
using report::Score;
using report::Step;

namespace {

// A file that is smaller by less than this is as large: headers and names vary.
constexpr double kSmallerRatio = 0.99;
// Differences below 1 % are beneath notice, however certain many runs make them.
constexpr double kNotable = 0.01;
// Rounding of the scores must not decide: a loss of exactly the tolerance is allowed.
constexpr double kRoundingSlack = 1e-9;

constexpr const char* kNotTimed =
    "no engine was built: ONNX Runtime's time here says nothing about TensorRT's on the device";

std::string Speed(const report::Speedup& speedup, const char* than) {
  const bool faster = speedup.ratio >= 1;
  const double factor = faster ? speedup.ratio : 1 / speedup.ratio;
  return Number(factor) + (faster ? " times faster than " : " times slower than ") + than +
         " (speed-up " + report::Range(speedup.interval) + ")";
}

std::string AccuracyText(const Record& record, const Step& step) {
  const auto& before = *record.baseline()->accuracy;
  const double change = -report::RelativeLoss(before, *step.accuracy);
  return record.metric + " " + Score(step.accuracy->value) + " against " + Score(before.value) +
         " (" + Percent(change) + " relative; the tolerance is " +
         Number(record.tolerance_ratio * 100) + " %)";
}

bool Slower(const report::Speedup& speedup) { return speedup.interval.high < 1 - kNotable; }
bool Faster(const report::Speedup& speedup) { return speedup.interval.low > 1 + kNotable; }

double SizeRatio(const Step& step, const Step& other) {
  return static_cast<double>(step.size_bytes) /
         static_cast<double>(std::max<int64_t>(1, other.size_bytes));
}

std::string SizeText(const Step& step, const Step& other) {
  return report::Megabytes(step.size_bytes) + " of " + report::Megabytes(other.size_bytes) + " MB";
}

Verdict DecideUntimed(const Record& record, const Step& step, const std::string& accuracy) {
  const Step& best = *record.Find(step.best_before);
  const bool smaller = SizeRatio(step, best) < kSmallerRatio;
  return {smaller ? Decision::kKept : Decision::kReverted,
          (smaller ? "smaller than '" : "not smaller than '") + best.id + "', " +
              SizeText(step, best) + "; " + kNotTimed + "; " + accuracy};
}

Verdict DecideUndoubted(const Record& record, const Step& step, const std::string& accuracy) {
  const Step* best = record.Find(step.best_before);
  const double size_ratio = SizeRatio(step, *best);
  const std::string even =
      "as fast as '" + best->id + "' (speed-up " + report::Range(step.vs_best->interval) + ")";
  if (size_ratio < kSmallerRatio)
    return {Decision::kKept, even + " and smaller, " + SizeText(step, *best) + "; " + accuracy};
  if (step.kind == "simplify" && size_ratio < 1 / kSmallerRatio)
    return {Decision::kKept, even + "; later steps build on the simplified graph; " + accuracy};
  return {Decision::kReverted, even + " and not smaller; " + accuracy};
}

}  // namespace

double Floor(const Record& record) {
  const auto& baseline = *record.baseline()->accuracy;
  const double scale = baseline.value == 0 ? 1 : std::abs(baseline.value);
  const double margin = record.tolerance_ratio * scale;
  return baseline.higher_is_better ? baseline.value - margin : baseline.value + margin;
}

Verdict Decide(const Record& record, const Step& step) {
  const std::string accuracy = AccuracyText(record, step);
  // What another format is not for the device can't be an alternative, however fast it is here.
  const bool baseline_counts = Ships(record, *record.baseline());
  const bool best_counts = Ships(record, *record.Find(step.best_before));
  const bool timed = !HasStandIn(record, step);
  if (baseline_counts && Slower(*step.vs_baseline))
    return {Decision::kReverted, Speed(*step.vs_baseline, "the baseline") + "; " + accuracy};
  if (best_counts && timed && Slower(*step.vs_best))
    return {Decision::kReverted,
            Speed(*step.vs_best, ("'" + step.best_before + "'").c_str()) + "; " + accuracy};
  const double loss = report::RelativeLoss(*record.baseline()->accuracy, *step.accuracy);
  // Written so that a loss that is not a number is a violation.
  if (!(loss <= record.tolerance_ratio + kRoundingSlack))
    return {Decision::kViolated, accuracy + ": beyond the floor of " + Score(Floor(record)) + "; " +
                                     Speed(*step.vs_baseline, "the baseline")};
  if (!best_counts)
    return {Decision::kKept,
            (Ships(record, step)
                 ? "the first in the format of " + record.device + " (" + record.format + "); "
                 : std::string("further steps are made of it; ")) +
                (timed ? Speed(*step.vs_baseline, "the baseline") : std::string(kNotTimed)) + "; " +
                accuracy};
  if (!timed) return DecideUntimed(record, step, accuracy);
  if (Faster(*step.vs_best)) {
    const std::string speed = baseline_counts
                                  ? Speed(*step.vs_baseline, "the baseline")
                                  : Speed(*step.vs_best, ("'" + step.best_before + "'").c_str());
    return {Decision::kKept, speed + "; " + accuracy};
  }
  return DecideUndoubted(record, step, accuracy);
}

}  // namespace edgeopt::pipeline
