// Mixed precision: which layers of an int8 model are left in float, so that its outputs come close
// enough to the float model's.
//
// Layers are ranked by what the quantization of each alone does to the model's outputs, everything
// else in float: errors that come from layers before it do not count. That is the per-layer
// analysis of Qualcomm's AIMET (QuantAnalyzer, "by enabling quantizers"); NVIDIA's Model Optimizer
// scores layers by their effect on the output, too (auto_quantize). The worst are left out, as few
// as are measured to suffice. A run per layer and a few more; memory does not depend on their
// number.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct MixedLayer {
  std::string name, op_type;
  // SQNR in dB of the model's outputs when this layer alone is quantized; nullopt: it is only
  // together with its neighbours.
  std::optional<double> alone_db;
};

struct MixedChoice {
  std::vector<MixedLayer> layers;  // the worst first; those without a figure last
  size_t excluded = 0;             // so many of the first
  double sqnr_db = 0;              // of the outputs then
  struct Probe {
    size_t excluded;
    double sqnr_db;
  };
  std::vector<Probe> probes;  // what else was measured on the way, in order

  std::vector<std::string> names() const;  // of the excluded ones
  // {"target_sqnr_db", "sqnr_db", "layers": [{"name", "op_type", "alone_sqnr_db", "excluded"}],
  // "probes": [{"excluded", "sqnr_db"}]}.
  nlohmann::json ToJson(double target_db) const;
};

// The SQNR in dB of the outputs with these layers in float; nullopt when none is left in int8.
using MixedScore =
    std::function<Result<std::optional<double>>(const std::vector<std::string>& excluded)>;

// The fewest layers, at least one, whose exclusion brings the outputs to `target_db`: by bisection,
// since each exclusion leaves out some error. `alone` ranks (called from `workers` threads, with
// all layers but one), `together` is what the target is for. Unsupported, with the figures, when
// one int8 layer is already too much.
Result<MixedChoice> ChooseMixed(std::vector<MixedLayer> layers, double target_db,
                                const MixedScore& alone, const MixedScore& together, int workers);

// What a mixed model of a step below the accuracy floor has to reach. Where a decision is close,
// noise turns it: to first order the loss of accuracy grows as the noise's amplitude does, so it
// has to shrink as the loss has to. nullopt when the step does not tell its SQNR, or is no
// violation by numbers.
std::optional<double> MixedTarget(const report::Record& record, const report::Step& violation);

}  // namespace edgeopt::pipeline
