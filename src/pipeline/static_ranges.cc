#include "pipeline/static_ranges.h"

#include <algorithm>
#include <optional>

#include "base/parallel.h"
#include "quant/params.h"

namespace edgeopt::pipeline {

Result<StaticRanges> StaticRanges::Make(const ir::Graph& graph,
                                        const passes::quantize::StaticPlan& plan,
                                        const measure::CalibrationRun& run,
                                        const std::vector<const quant::Calibrator*>& candidates,
                                        double percentile, int workers) {
  StaticRanges ranges;
  ranges.options_.scheme = {plan.rules->activation_type == ir::DataType::kInt8
                                ? quant::QuantType::kInt8
                                : quant::QuantType::kUint8};
  ranges.options_.percentile = percentile;
  for (const auto& [value, bounds] : plan.bounds)
    ranges.bounds_[graph.value(value).name] = {bounds.low, bounds.high};
  for (const auto& [value, range] : plan.fixed)
    ranges.fixed_[graph.value(value).name] = {range.low, range.high};
  ranges.first_half_ = run.first_half;
  ranges.second_half_ = run.second_half;
  ranges.whole_ = run.Whole();
  for (const quant::Calibrator* candidate : candidates) {
    EDGEOPT_TRY(ranges.by_calibrator_[std::string(candidate->name)],
                ranges.Compute(*candidate, ranges.whole_, workers));
  }
  return ranges;
}

Result<Ranges> StaticRanges::Compute(
    const quant::Calibrator& calibrator,
    const std::map<std::string, quant::TensorStatistics>& statistics, int workers) const {
  std::vector<const std::pair<const std::string, quant::TensorStatistics>*> rows;
  for (const auto& row : statistics) rows.push_back(&row);
  std::vector<std::optional<Result<quant::Range>>> found(rows.size());
  ParallelFor(static_cast<int64_t>(rows.size()), workers, [&](int64_t i) {
    const auto index = static_cast<size_t>(i);
    found[index] = quant::Calibrate(calibrator, rows[index]->second, options_);
  });
  Ranges ranges;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string& name = rows[i]->first;
    if (!found[i]->ok()) return found[i]->error().Within("value '" + name + "'");
    if (const auto fixed = fixed_.find(name); fixed != fixed_.end()) {
      ranges[name] = fixed->second;
      continue;
    }
    const auto bounds = bounds_.find(name);
    ranges[name] = bounds == bounds_.end() ? **found[i] : quant::Clamp(**found[i], bounds->second);
  }
  return ranges;
}

std::map<std::string, passes::quantize::ActivationParams> StaticRanges::ParamsOf(
    const quant::Calibrator& calibrator) const {
  std::map<std::string, passes::quantize::ActivationParams> params;
  for (const auto& [name, range] : Of(calibrator)) {
    const quant::QuantParams made = quant::ParamsFor(range, options_.scheme);
    params[name] = {made.scale, made.zero_point};
  }
  return params;
}

Result<std::vector<StaticRanges::Instability>> StaticRanges::Stability(
    const quant::Calibrator& calibrator, int workers) const {
  EDGEOPT_TRY(const Ranges first, Compute(calibrator, first_half_, workers));
  EDGEOPT_TRY(const Ranges second, Compute(calibrator, second_half_, workers));
  std::vector<Instability> rows;
  for (const auto& [name, range] : first) {
    const auto other = second.find(name);
    if (other != second.end())
      rows.push_back({name, quant::RelativeDifference(range, other->second)});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Instability& a, const Instability& b) {
    return a.difference > b.difference;
  });
  return rows;
}

quant::CalibrationTable StaticRanges::Table(const quant::Calibrator& chosen,
                                            const std::vector<Instability>& stability) const {
  quant::CalibrationTable table;
  table.calibrator = chosen.name;
  for (const auto& [name, statistics] : whole_) {
    quant::CalibratedTensor& row = table.tensors[name];
    row.statistics = statistics;
    for (const auto& [calibrator, ranges] : by_calibrator_)
      row.ranges[calibrator] = ranges.at(name);
  }
  for (const Instability& row : stability)
    table.tensors[row.name].half_difference[std::string(chosen.name)] = row.difference;
  return table;
}

}  // namespace edgeopt::pipeline
