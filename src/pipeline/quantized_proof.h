// The proof that a quantized model works: it is loaded where it is to run, and its outputs are
// compared with the float model's on calibration samples.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "measure/calibrate.h"
#include "pipeline/fidelity.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct ProofOptions {
  const measure::SampleSource* source = nullptr;  // null: random inputs
  int64_t samples = 0;                            // that the source has
  bool ranks = false;     // several candidates are to be told apart: on more samples
  bool emulated = false;  // int8 is computed in float (passes/quantize/rules.h, RuleSet::emulated)
  // Loads a quantized model; empty: the runtime does.
  std::function<Result<std::unique_ptr<runtimes::Session>>(const ir::Model&)> load;
  int workers = 2;
  const CancelToken* cancel = nullptr;
};

class QuantizedProof {
 public:
  // Both must outlive the proof.
  QuantizedProof(const ir::Model& original, runtimes::Runtime& runtime, ProofOptions options)
      : original_(original), runtime_(runtime), options_(std::move(options)) {}

  // The float model's outputs on the last samples; needs a source. Once: later calls do nothing.
  Status RunFloat();
  // How close a candidate comes: Fidelity::score_db. Requires RunFloat; may be called from several
  // threads.
  Result<double> Score(const ir::Model& candidate) const;
  // Infers types, checks, loads and runs what was made; `report` receives "fidelity" and, where the
  // runtime tells by its profile which kernels ran, "kernels".
  Status Confirm(ir::Model& made, nlohmann::json& report,
                 const std::function<void(std::string)>& warn);

  // One sample that the float model runs with.
  Result<std::vector<ir::Tensor>> RandomInputs() const;

 private:
  Result<std::unique_ptr<runtimes::Session>> LoadFloat() const;
  runtimes::SessionOptions Options(int threads) const;
  Result<std::unique_ptr<runtimes::Session>> Load(const ir::Model& variant,
                                                  const runtimes::SessionOptions& options) const;
  bool has_data() const { return options_.source != nullptr && options_.samples > 0; }
  bool profiled() const { return !options_.load && !options_.emulated; }
  Status RunOnRandom(runtimes::Session& session,
                     const std::function<void(std::string)>& warn) const;

  const ir::Model& original_;
  runtimes::Runtime& runtime_;
  const ProofOptions options_;
  std::optional<FidelityReference> reference_;
};

}  // namespace edgeopt::pipeline
