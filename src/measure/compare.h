// Two models on the same samples: how close are their outputs, and the values inside them that
// correspond?
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "measure/calibrate.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct CompareOptions {
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
};

// Two loaded models whose outputs have the same names; the sessions are the caller's. Outputs whose
// axes are in another order (channels first, channels last) are compared in the reference's.
struct SessionPair {
  runtimes::Session& reference;
  runtimes::Session& other;
};

// What is compared.
struct Comparands {
  SessionPair whole;  // the models as they are
  // The same models, with values inside them as their outputs. Handing these out may change what a
  // runtime fuses, so the outputs are compared in `whole`.
  std::optional<SessionPair> inside;
  std::vector<std::string> layers;             // their names, in the reference's order
  std::map<std::string, std::string> made_by;  // operator types of the reference, by value name
};

// One value, over all samples together.
struct ValueComparison {
  std::string name;
  std::string made_by;  // the reference's operator type; empty for an output that is an input
  bool output = false;
  double sqnr_db = 0;  // infinite for equal values
  double cosine = 0;
  double max_abs_error = 0;
};

struct Comparison {
  int64_t samples = 0;
  // Samples whose largest element of the first float output is at the same place (lowest index on
  // ties).
  int64_t top1_agreements = 0;
  std::vector<ValueComparison> values;  // layers in order, outputs last
};

// Only float32 values count. BadInput when an output of the reference is missing in the other model
// or has another shape, or when a sample does not fit.
Result<Comparison> Compare(const Comparands& comparands, const SampleSource& source,
                           int64_t samples, const CompareOptions& options = {});

}  // namespace edgeopt::measure
