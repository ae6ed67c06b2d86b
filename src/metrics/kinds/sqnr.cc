// Signal-to-quantization-noise ratio against the baseline's outputs, over all samples together:
// 10 log10(sum reference^2 / sum (reference - output)^2), in dB. With several outputs the worst
// one counts. Outputs equal to the last bit have an infinite ratio, and it is reported as infinity;
// a baseline of zeros that is not met has minus infinity. Details: "output/NAME" (where finite) and
// "identical_samples".
#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/parameters.h"
#include "metrics/reference.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

struct Energy {
  double signal = 0, noise = 0;

  double Ratio() const {
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
  }
};

Energy EnergyOf(const ReferencePair& pair) {
  Energy energy;
  for (size_t i = 0; i < pair.output.size(); ++i) {
    const double reference = pair.reference[i];
    energy.signal += reference * reference;
    if (pair.output[i] == pair.reference[i]) continue;  // also infinities that are met
    energy.noise += (reference - pair.output[i]) * (reference - pair.output[i]);
  }
  return energy;
}

class Sqnr : public Metric {
 public:
  explicit Sqnr(std::string output) : output_(std::move(output)) {}

  Status Update(const Observation& observation) override {
    EDGEOPT_TRY(const auto pairs, PairWithReference(observation, output_, samples_));
    bool identical = true;
    for (const ReferencePair& pair : pairs) {
      std::vector<Energy>& energies = energies_[pair.name];
      if (static_cast<int64_t>(energies.size()) != samples_)
        return BadInput("output '" + pair.name + "' of sample " + std::to_string(samples_) +
                        " was not there in earlier samples");
      energies.push_back(EnergyOf(pair));
      if (!std::isfinite(energies.back().signal))
        return BadInput("the baseline's output '" + pair.name + "' of sample " +
                        std::to_string(samples_) + " holds infinity; its SQNR is undefined");
      identical = identical && energies.back().noise == 0;
    }
    identical_ += identical;
    ++samples_;
    return OkStatus();
  }

  Result<Score> Finish() override {
    for (const auto& [name, energies] : energies_)
      if (static_cast<int64_t>(energies.size()) != samples_)
        return BadInput("output '" + name + "' is missing in some of the samples");
    const auto worst = [&](std::span<const uint32_t> counts) {
      double ratio = std::numeric_limits<double>::infinity();
      for (const auto& [name, energies] : energies_)
        ratio = std::min(ratio, Total(energies, counts).Ratio());
      return ratio;
    };
    EDGEOPT_TRY(Score score, ResampledScore(static_cast<size_t>(samples_), worst));
    score.unit = "dB";
    score.details["identical_samples"] = static_cast<double>(identical_);
    const std::vector<uint32_t> once(static_cast<size_t>(samples_), 1);
    for (const auto& [name, energies] : energies_)
      if (const double ratio = Total(energies, once).Ratio(); std::isfinite(ratio))
        score.details["output/" + name] = ratio;
    return score;
  }

 private:
  static Energy Total(const std::vector<Energy>& energies, std::span<const uint32_t> counts) {
    Energy total;
    for (size_t i = 0; i < energies.size(); ++i) {
      if (counts[i] == 0) continue;
      total.signal += counts[i] * energies[i].signal;
      total.noise += counts[i] * energies[i].noise;
    }
    return total;
  }

  std::string output_;
  int64_t samples_ = 0, identical_ = 0;
  std::map<std::string, std::vector<Energy>> energies_;
};

}  // namespace

MetricInfo sqnr() {
  return {"sqnr", "signal-to-noise ratio against the baseline's outputs, in dB (needs no labels)",
          false,
          [](const MetricOptions& options) -> Result<std::unique_ptr<Metric>> {
            EDGEOPT_TRY(const Parameters parameters, Parameters::Make("sqnr", options));
            return std::unique_ptr<Metric>(new Sqnr(parameters.Text("output")));
          },
          /*finite_best=*/false};
}

}  // namespace edgeopt::metrics
