// Mean intersection over union of a segmentation: per class, pixels of the class in both prediction
// and mask over pixels in either, summed over all samples; then the mean over the classes that
// occur in either. Parameters, beside those of metrics/segmentation.h:
//   classes  number of classes; needed where the output holds classes instead of scores
//   ignore   mask value that is left out (default 255)
// Details: "pixel_accuracy", "class/N", and "unseen_pixels" where preprocessing cropped some away.
#include <algorithm>

#include "metrics/inputs.h"
#include "metrics/scores.h"
#include "metrics/segmentation.h"

namespace edgeopt::metrics {
namespace {

// Pixels of one class that occurs.
struct Counts {
  int64_t both = 0, predicted = 0, labelled = 0;

  double Iou() const {
    return static_cast<double>(both) / static_cast<double>(predicted + labelled - both);
  }
};

class MeanIou : public Metric {
 public:
  MeanIou(PixelReader reader, int64_t classes, int64_t ignore)
      : reader_(std::move(reader)), classes_(classes), ignore_(ignore) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(samples_.size());
    EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, "mask", number));
    if (target->rank() != 2)
      return BadInput(Describe("target", *target, number) + " has shape " +
                      ir::ToString(target->dims()) + "; expected [H, W]");
    EDGEOPT_TRY(const auto mask, Integers(*target, -1, number));
    const ImageSize size{target->dims()[0], target->dims()[1]};
    EDGEOPT_TRY(const PixelReader::Pixels pixels, reader_.Read(observation, size, number));
    EDGEOPT_TRY(const int64_t classes, ClassCount(pixels));

    std::map<int64_t, Counts> counts;
    for (size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] == ignore_) continue;
      if (mask[i] < 0 || mask[i] >= classes)
        return OutOfRange("label", mask[i], number, pixels.output, classes);
      const int64_t predicted = pixels.classes[i];
      if (predicted == PixelReader::kUnseen) {
        ++unseen_;
        continue;
      }
      if (predicted < 0 || predicted >= classes)
        return OutOfRange("predicted class", predicted, number, pixels.output, classes);
      ++counts[mask[i]].labelled;
      ++counts[predicted].predicted;
      if (predicted == mask[i]) ++counts[predicted].both;
    }
    samples_.emplace_back(counts.begin(), counts.end());
    return OkStatus();
  }

  Result<Score> Finish() override {
    const auto mean_iou = [&](std::span<const uint32_t> weights) {
      const std::map<int64_t, Counts> total = Total(weights);
      double sum = 0;
      for (const auto& [index, counts] : total) sum += counts.Iou();
      return sum / static_cast<double>(total.size());
    };
    EDGEOPT_TRY(Score score, ResampledScore(samples_.size(), mean_iou));
    double both = 0, labelled = 0;
    for (const auto& [index, counts] : Total(std::vector<uint32_t>(samples_.size(), 1))) {
      both += static_cast<double>(counts.both);
      labelled += static_cast<double>(counts.labelled);
      score.details["class/" + std::to_string(index)] = counts.Iou();
    }
    if (labelled == 0) return BadInput("the masks hold no pixel that is not ignored");
    score.details["pixel_accuracy"] = both / labelled;
    if (unseen_ > 0) score.details["unseen_pixels"] = static_cast<double>(unseen_);
    return score;
  }

 private:
  using ClassCounts = std::vector<std::pair<int64_t, Counts>>;

  Result<int64_t> ClassCount(const PixelReader::Pixels& pixels) const {
    if (classes_ > 0) return classes_;
    if (pixels.class_count > 0) return pixels.class_count;
    return UsageError("output '" + pixels.output + "' holds classes, and their number is not known",
                      "give the parameter 'classes'");
  }

  static Error OutOfRange(std::string_view what, int64_t found, int64_t sample,
                          const std::string& output, int64_t classes) {
    return BadInput(std::string(what) + " " + std::to_string(found) + " in sample " +
                        std::to_string(sample) + " is outside the " + std::to_string(classes) +
                        " classes of output '" + output + "'",
                    "check the classes of data set and model, and the parameters 'classes' and "
                    "'ignore'");
  }

  std::map<int64_t, Counts> Total(std::span<const uint32_t> weights) const {
    std::map<int64_t, Counts> total;
    for (size_t i = 0; i < samples_.size(); ++i) {
      if (weights[i] == 0) continue;
      for (const auto& [index, counts] : samples_[i]) {
        total[index].both += weights[i] * counts.both;
        total[index].predicted += weights[i] * counts.predicted;
        total[index].labelled += weights[i] * counts.labelled;
      }
    }
    return total;
  }

  PixelReader reader_;
  int64_t classes_, ignore_, unseen_ = 0;
  std::vector<ClassCounts> samples_;
};

Result<std::unique_ptr<Metric>> MakeMeanIou(const MetricOptions& options) {
  std::vector<std::string_view> known = PixelReader::KnownParameters();
  known.insert(known.end(), {"classes", "ignore"});
  EDGEOPT_TRY(const Parameters parameters, Parameters::Make("mean-iou", options, std::move(known)));
  EDGEOPT_TRY(PixelReader reader, PixelReader::Make(parameters));
  EDGEOPT_TRY(const int64_t classes, parameters.Integer("classes", 0, 1, 1000000));
  EDGEOPT_TRY(const int64_t ignore, parameters.Integer("ignore", 255, -1000000, 1000000));
  return std::unique_ptr<Metric>(new MeanIou(std::move(reader), classes, ignore));
}

}  // namespace

MetricInfo mean_iou() {
  return {"mean-iou", "mean intersection over union of a segmentation's classes", true,
          MakeMeanIou};
}

}  // namespace edgeopt::metrics
