// The data of a run: validation and calibration samples, apart from each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "report/record.h"

namespace edgeopt::pipeline {

using DatasetPtr = std::shared_ptr<const data::Dataset>;

// Opens record.data for a model with these inputs; without the samples that are held out for
// calibration. `preprocessing`: the file that is read; empty: the record's.
Result<DatasetPtr> OpenValidation(const report::Record& record,
                                  const std::vector<data::InputSpec>& specs,
                                  const std::filesystem::path& preprocessing = {});
// The inputs with the sizes that the run was asked for in place of open ones: the original may
// leave them open, and is measured and validated at the same.
std::vector<data::InputSpec> AtAskedSizes(const report::Record& record,
                                          std::vector<data::InputSpec> specs);
// How images become the inputs of a step's output: its own description, or else the record's; empty
// where there is none.
std::filesystem::path PreprocessingOf(const report::Record& record, const report::Step& step,
                                      const std::filesystem::path& work);
// Opens record.calibration in an order that the seed shuffles (folders are sorted by class), or the
// samples that are held out of record.data. nullptr when the run has neither. `samples`: how many
// of record.calibration at most; 0: what the record says, or else what is usual for its device.
inline constexpr int64_t kAllSamples = std::numeric_limits<int64_t>::max();
Result<DatasetPtr> OpenCalibration(const report::Record& record,
                                   const std::vector<data::InputSpec>& specs, int64_t samples = 0);

// How many samples of a data set of `size` are held out for calibration when the user names no
// calibration data: what is usual for the run's device, but at most a fifth.
int64_t HoldOut(const report::Record& record, int64_t size);

}  // namespace edgeopt::pipeline
