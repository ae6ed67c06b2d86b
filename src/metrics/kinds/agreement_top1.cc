// How often the model decides as the baseline does: the share of positions whose best class is the
// same. No labels are needed, and none are implied: two models can agree on what is wrong.
// A classifier's [C] is one position; of further axes the last one holds the classes, or the one
// that the parameter `axis` names (counted without axes of size 1). Details: "ties", the positions
// where the model's two best scores are equal; the lowest index wins, on both sides.
#include <algorithm>

#include "metrics/classification.h"
#include "metrics/inputs.h"
#include "metrics/reference.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

class AgreementTop1 : public Metric {
 public:
  AgreementTop1(std::string output, int64_t axis) : output_(std::move(output)), axis_(axis) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(agreement_.size());
    EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, number));
    EDGEOPT_TRY(const auto pairs, PairWithReference(observation, output->name, number));
    const ReferencePair& pair = pairs.front();
    const ir::Dims dims = Squeezed(pair.dims);
    const int64_t rank = static_cast<int64_t>(dims.size()), axis = axis_ < 0 ? rank - 1 : axis_;
    if (rank == 0 || axis >= rank)
      return BadInput(Describe("output", *output, number) + " has shape " +
                          ir::ToString(pair.dims) +
                          "; there is no axis of classes to take the best of",
                      "for plain values use metric 'cosine' or 'sqnr'");
    const auto classes = static_cast<size_t>(dims[static_cast<size_t>(axis)]);
    size_t inner = 1;  // distance of two classes of one position
    for (int64_t i = axis + 1; i < rank; ++i) inner *= static_cast<size_t>(dims[i]);
    const size_t positions = pair.output.size() / classes;
    std::vector<float> own(classes), reference(classes);
    size_t same = 0;
    for (size_t p = 0; p < positions; ++p) {
      const size_t first = p / inner * inner * classes + p % inner;
      for (size_t c = 0; c < classes; ++c) {
        own[c] = pair.output[first + c * inner];
        reference[c] = pair.reference[first + c * inner];
      }
      same += ArgMax(own) == ArgMax(reference);
      ties_ += TiedAt(own, 1);
    }
    single_ = single_ && positions == 1;
    agreement_.push_back(
        static_cast<float>(static_cast<double>(same) / static_cast<double>(positions)));
    return OkStatus();
  }

  Result<Score> Finish() override {
    EDGEOPT_TRY(Score score,
                single_ ? ShareScore(std::move(agreement_)) : MeanScore(std::move(agreement_)));
    score.details["ties"] = static_cast<double>(ties_);
    return score;
  }

 private:
  std::string output_;
  int64_t axis_, ties_ = 0;
  bool single_ = true;  // one position per sample: a proportion
  std::vector<float> agreement_;
};

Result<std::unique_ptr<Metric>> MakeAgreement(const MetricOptions& options) {
  EDGEOPT_TRY(const Parameters parameters, Parameters::Make("agreement-top1", options, {"axis"}));
  EDGEOPT_TRY(const int64_t axis, parameters.Integer("axis", -1, 0, 7));
  return std::unique_ptr<Metric>(new AgreementTop1(parameters.Text("output"), axis));
}

}  // namespace

MetricInfo agreement_top1() {
  return {"agreement-top1", "how often the best class is the baseline's (needs no labels)", false,
          MakeAgreement};
}

}  // namespace edgeopt::metrics
