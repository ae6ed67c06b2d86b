#include "metrics/reference.h"

#include "metrics/inputs.h"

namespace edgeopt::metrics {
namespace {

Result<ReferencePair> Pair(const Observation& observation, const ir::Tensor& output,
                           int64_t sample) {
  EDGEOPT_TRY(const ir::Tensor* reference,
              NeedTarget(observation, "reference:" + output.name, sample));
  if (Squeezed(output.dims()) != Squeezed(reference->dims()) || output.size() == 0)
    return BadInput(Describe("output", output, sample) + " has shape " +
                    ir::ToString(output.dims()) + ", the baseline's " +
                    ir::ToString(reference->dims()));
  ReferencePair pair{output.name, output.dims(), {}, {}};
  EDGEOPT_TRY(pair.reference, Numbers(*reference, "target", sample));
  EDGEOPT_TRY(pair.output, Numbers(output, "output", sample));
  return pair;
}

}  // namespace

Result<std::vector<ReferencePair>> PairWithReference(const Observation& observation,
                                                     std::string_view output_name, int64_t sample) {
  std::vector<ReferencePair> pairs;
  if (!output_name.empty()) {
    EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_name, sample));
    EDGEOPT_TRY(ReferencePair pair, Pair(observation, *output, sample));
    pairs.push_back(std::move(pair));
    return pairs;
  }
  for (const ir::Tensor& output : observation.outputs) {
    EDGEOPT_TRY(ReferencePair pair, Pair(observation, output, sample));
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) return BadInput("sample " + std::to_string(sample) + " has no outputs");
  return pairs;
}

}  // namespace edgeopt::metrics
