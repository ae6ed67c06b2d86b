// Metrics of predicted against true values, element by element: the sums that RMSE and MAE share.
#pragma once

#include <memory>

#include "metrics/metric.h"

namespace edgeopt::metrics {

enum class ValueError { kRootMeanSquare, kMeanAbsolute };

// Over all elements of all samples. Parameters:
//   target  name of the target (default "target"); it has as many elements as the output
//   unit    what the values are in, for the report (default none)
Result<std::unique_ptr<Metric>> MakeValueErrorMetric(std::string_view name, ValueError error,
                                                     const MetricOptions& options);

}  // namespace edgeopt::metrics
