// From what calibration observed, now or when a table was written, to the ranges that the plan
// needs, for one calibrator or several.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "measure/calibrate.h"
#include "passes/quantize/plan.h"
#include "passes/quantize/static_int8.h"
#include "quant/calibration_table.h"
#include "quant/calibrator.h"

namespace edgeopt::pipeline {

using Ranges = std::map<std::string, quant::Range>;  // by value name

class StaticRanges {
 public:
  StaticRanges() = default;
  // Ranges by every candidate, cut to the bounds of absorbed activations. `graph` is the planned
  // one.
  static Result<StaticRanges> Make(const ir::Graph& graph, const passes::quantize::StaticPlan& plan,
                                   const measure::CalibrationRun& run,
                                   const std::vector<const quant::Calibrator*>& candidates,
                                   double percentile, int workers);
  // The same from a table. Ranges that were made for this rule set and percentile are taken as they
  // are, so that the table gives what its calibration gave; others are found in its statistics.
  // BadInput, naming what is missing, when the table does not hold a value that the plan observes,
  // or no histogram where a candidate needs one.
  static Result<StaticRanges> FromTable(const ir::Graph& graph,
                                        const passes::quantize::StaticPlan& plan,
                                        const quant::CalibrationTable& table,
                                        const std::vector<const quant::Calibrator*>& candidates,
                                        double percentile, int workers);

  const Ranges& Of(const quant::Calibrator& calibrator) const {
    return by_calibrator_.at(std::string(calibrator.name));
  }
  // Scale and zero point of each range, in the rule set's activation type.
  std::map<std::string, passes::quantize::ActivationParams> ParamsOf(
      const quant::Calibrator& calibrator) const;

  // How far the ranges of the two halves of the data lie apart, of the values that the plan needs;
  // the largest first. None from a table.
  struct Instability {
    std::string name;
    double difference;
  };
  Result<std::vector<Instability>> Stability(const quant::Calibrator& calibrator,
                                             int workers) const;

  // The table for the package: statistics, every candidate's ranges, the chosen one's stability.
  quant::CalibrationTable Table(const quant::Calibrator& chosen,
                                const std::vector<Instability>& stability) const;

 private:
  StaticRanges(const ir::Graph& graph, const passes::quantize::StaticPlan& plan, double percentile);

  // Cut to the bounds of the plan, or the range that it fixes.
  quant::Range Fitted(const std::string& name, quant::Range range) const;
  Result<Ranges> Compute(const quant::Calibrator& calibrator,
                         const std::map<std::string, quant::TensorStatistics>& statistics,
                         int workers) const;

  std::string rules_;
  quant::CalibratorOptions options_;
  std::set<std::string> needed_;  // what the plan observes; more may have been observed
  std::map<std::string, quant::Range> bounds_, fixed_;
  std::map<std::string, quant::TensorStatistics> first_half_, second_half_, whole_;
  std::map<std::string, Ranges> by_calibrator_;
};

}  // namespace edgeopt::pipeline
