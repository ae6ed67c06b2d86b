// From what calibration observed to the ranges that the plan needs, for one calibrator or several.
#pragma once

#include <map>
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
  // Ranges by every candidate, cut to the bounds of absorbed activations. `graph` is the planned
  // one.
  static Result<StaticRanges> Make(const ir::Graph& graph, const passes::quantize::StaticPlan& plan,
                                   const measure::CalibrationRun& run,
                                   const std::vector<const quant::Calibrator*>& candidates,
                                   double percentile, int workers);

  const Ranges& Of(const quant::Calibrator& calibrator) const {
    return by_calibrator_.at(std::string(calibrator.name));
  }
  // Scale and zero point of each range, in the rule set's activation type.
  std::map<std::string, passes::quantize::ActivationParams> ParamsOf(
      const quant::Calibrator& calibrator) const;

  // How far the ranges of the two halves of the data lie apart, by value name; the largest first.
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
  Result<Ranges> Compute(const quant::Calibrator& calibrator,
                         const std::map<std::string, quant::TensorStatistics>& statistics,
                         int workers) const;

  quant::CalibratorOptions options_;
  std::map<std::string, quant::Range> bounds_, fixed_;
  std::map<std::string, quant::TensorStatistics> first_half_, second_half_, whole_;
  std::map<std::string, Ranges> by_calibrator_;
};

}  // namespace edgeopt::pipeline
