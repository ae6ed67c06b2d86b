// Between data sets and whatever runs a model on samples.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "ir/model.h"
#include "measure/calibrate.h"

namespace edgeopt::pipeline {

// The inputs that a caller must feed: those without a default value.
std::vector<data::InputSpec> InputSpecsOf(const ir::Model& model);

// Samples of the data set as the model takes them. `dataset` must outlive the source.
measure::SampleSource SourceOf(const data::Dataset& dataset, std::vector<data::InputSpec> specs);

}  // namespace edgeopt::pipeline
