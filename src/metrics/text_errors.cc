// Word and character error rates; see metrics/transcript.h.
#include <algorithm>

#include "base/utf8.h"
#include "metrics/edit_distance.h"
#include "metrics/inputs.h"
#include "metrics/scores.h"
#include "metrics/transcript.h"

namespace edgeopt::metrics {
namespace {

// Unicode's White_Space property.
bool IsSpace(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

std::vector<std::u32string> Words(const std::u32string& text) {
  std::vector<std::u32string> words;
  bool inside = false;
  for (const char32_t code : text) {
    if (!IsSpace(code)) {
      if (!inside) words.emplace_back();
      words.back() += code;
    }
    inside = !IsSpace(code);
  }
  return words;
}

std::u32string Trimmed(const std::u32string& text) {
  const auto first = std::find_if_not(text.begin(), text.end(), IsSpace);
  const auto last = std::find_if_not(text.rbegin(), text.rend(), IsSpace).base();
  return first < last ? std::u32string(first, last) : std::u32string();
}

class TextErrorMetric : public Metric {
 public:
  TextErrorMetric(TextReader reader, ErrorUnit unit) : reader_(std::move(reader)), unit_(unit) {}

  Status Update(const Observation& observation) override {
    const auto number = static_cast<int64_t>(samples_.size());
    EDGEOPT_TRY(const std::string read, reader_.Read(observation, number));
    EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, "text", number));
    if (target->type() != ir::DataType::kString || target->size() != 1)
      return BadInput(Describe("target", *target, number) + " is not one string");
    const std::u32string found = DecodeUtf8(read), truth = DecodeUtf8(target->strings().front());
    if (unit_ == ErrorUnit::kWord) {
      samples_.push_back(Count(Words(truth), Words(found)));
    } else {
      samples_.push_back(Count(Trimmed(truth), Trimmed(found)));
    }
    exact_ += samples_.back().errors == 0;
    return OkStatus();
  }

  Result<Score> Finish() override {
    const auto rate = [&](std::span<const uint32_t> counts) {
      double errors = 0, length = 0;
      for (size_t i = 0; i < samples_.size(); ++i) {
        errors += counts[i] * samples_[i].errors;
        length += counts[i] * samples_[i].length;
      }
      return errors / length;
    };
    EDGEOPT_TRY(Score score, ResampledScore(samples_.size(), rate));
    double errors = 0, length = 0;
    for (const Counts& sample : samples_) {
      errors += sample.errors;
      length += sample.length;
    }
    if (length == 0) return BadInput("all transcripts are empty; an error rate is undefined");
    score.higher_is_better = false;
    score.details = {{"errors", errors},
                     {unit_ == ErrorUnit::kWord ? "words" : "characters", length},
                     {"exact_samples", static_cast<double>(exact_)}};
    return score;
  }

 private:
  struct Counts {
    double errors, length;
  };
  template <typename Sequence>
  static Counts Count(const Sequence& truth, const Sequence& found) {
    return {static_cast<double>(EditDistance(truth, found)), static_cast<double>(truth.size())};
  }

  TextReader reader_;
  ErrorUnit unit_;
  int64_t exact_ = 0;
  std::vector<Counts> samples_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeTextErrorMetric(std::string_view name, ErrorUnit unit,
                                                    const MetricOptions& options) {
  EDGEOPT_TRY(const Parameters parameters,
              Parameters::Make(name, options, TextReader::KnownParameters()));
  EDGEOPT_TRY(TextReader reader, TextReader::Make(parameters));
  return std::unique_ptr<Metric>(new TextErrorMetric(std::move(reader), unit));
}

}  // namespace edgeopt::metrics
