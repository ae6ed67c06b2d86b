#include "pipeline/static_ranges.h"

#include <algorithm>
#include <optional>

#include "base/parallel.h"
#include "quant/params.h"

namespace edgeopt::pipeline {
namespace {

quant::Scheme SchemeOf(const passes::quantize::RuleSet& rules) {
  if (rules.activation_type == ir::DataType::kInt16) return quant::kInt16ActivationScheme;
  if (rules.symmetric) return {quant::QuantType::kInt8, true, false, true};
  return {rules.activation_type == ir::DataType::kInt8 ? quant::QuantType::kInt8
                                                       : quant::QuantType::kUint8};
}

// The table's rows of the values that the plan observes.
Result<std::map<std::string, quant::TensorStatistics>> StatisticsOf(
    const passes::quantize::StaticPlan& plan, const quant::CalibrationTable& table) {
  std::map<std::string, quant::TensorStatistics> statistics;
  std::string missing;
  for (const std::string& name : plan.observe) {
    const auto row = table.tensors.find(name);
    if (row != table.tensors.end())
      statistics[name] = row->second.statistics;
    else if (missing.empty())
      missing = name;
  }
  const std::set<std::string> needed(plan.observe.begin(), plan.observe.end());
  if (statistics.size() == needed.size()) return statistics;
  return BadInput("the calibration table holds " + std::to_string(statistics.size()) + " of the " +
                      std::to_string(needed.size()) + " values that rule set '" +
                      std::string(plan.rules->name) + "' needs; it lacks '" + missing + "'",
                  "write it anew for this model: --calibration DATA --table FILE");
}

Status CheckHistograms(const std::map<std::string, quant::TensorStatistics>& statistics,
                       const quant::Calibrator& calibrator) {
  for (const auto& [name, seen] : statistics)
    if (calibrator.needs_histogram && !seen.has_histogram)
      return BadInput("the calibration table has no histogram of value '" + name +
                          "', which calibrator '" + std::string(calibrator.name) + "' works from",
                      "use --calibrator minmax, or write the table anew with --calibration DATA");
  return OkStatus();
}

}  // namespace

StaticRanges::StaticRanges(const ir::Graph& graph, const passes::quantize::StaticPlan& plan,
                           double percentile)
    : rules_(plan.rules->name), needed_(plan.observe.begin(), plan.observe.end()) {
  options_.scheme = SchemeOf(*plan.rules);
  options_.percentile = percentile;
  for (const auto& [value, bounds] : plan.bounds)
    bounds_[graph.value(value).name] = {bounds.low, bounds.high};
  for (const auto& [value, range] : plan.fixed)
    fixed_[graph.value(value).name] = {range.low, range.high};
}

Result<StaticRanges> StaticRanges::Make(const ir::Graph& graph,
                                        const passes::quantize::StaticPlan& plan,
                                        const measure::CalibrationRun& run,
                                        const std::vector<const quant::Calibrator*>& candidates,
                                        double percentile, int workers) {
  StaticRanges ranges(graph, plan, percentile);
  ranges.first_half_ = run.first_half;
  ranges.second_half_ = run.second_half;
  ranges.whole_ = run.Whole();
  for (const quant::Calibrator* candidate : candidates) {
    EDGEOPT_TRY(ranges.by_calibrator_[std::string(candidate->name)],
                ranges.Compute(*candidate, ranges.whole_, workers));
  }
  return ranges;
}

Result<StaticRanges> StaticRanges::FromTable(
    const ir::Graph& graph, const passes::quantize::StaticPlan& plan,
    const quant::CalibrationTable& table, const std::vector<const quant::Calibrator*>& candidates,
    double percentile, int workers) {
  StaticRanges ranges(graph, plan, percentile);
  EDGEOPT_TRY(ranges.whole_, StatisticsOf(plan, table));
  for (const quant::Calibrator* candidate : candidates) {
    const std::string calibrator(candidate->name);
    const bool made_for_this = table.rules == ranges.rules_ &&
                               (calibrator != "percentile" || table.percentile == percentile) &&
                               std::ranges::all_of(ranges.whole_, [&](const auto& row) {
                                 return table.tensors.at(row.first).ranges.contains(calibrator);
                               });
    Ranges& found = ranges.by_calibrator_[calibrator];
    if (made_for_this) {
      for (const auto& [name, seen] : ranges.whole_)
        found[name] = ranges.Fitted(name, table.tensors.at(name).ranges.at(calibrator));
      continue;
    }
    EDGEOPT_CHECK_OK(CheckHistograms(ranges.whole_, *candidate));
    EDGEOPT_TRY(found, ranges.Compute(*candidate, ranges.whole_, workers));
  }
  return ranges;
}

quant::Range StaticRanges::Fitted(const std::string& name, quant::Range range) const {
  if (const auto fixed = fixed_.find(name); fixed != fixed_.end()) return fixed->second;
  const auto bounds = bounds_.find(name);
  return bounds == bounds_.end() ? range : quant::Clamp(range, bounds->second);
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
    ranges[name] = Fitted(name, **found[i]);
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
    if (other != second.end() && needed_.contains(name))
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
  table.rules = rules_;
  table.percentile = options_.percentile;
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
