// top1, top5, precision, recall, f1: against scikit-learn, and by hand.
#include "metrics/classification.h"

#include <cmath>

#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

std::vector<Observation> Recorded() {
  const auto& data = Expected()["classification"];
  std::vector<Observation> observations;
  for (size_t i = 0; i < data["labels"].size(); ++i)
    observations.push_back({{Floats("logits", data["scores"][i])}, {Label(data["labels"][i])}});
  return observations;
}

TEST(Classification, TopKAsNumpyHasIt) {
  const auto& expected = Expected()["classification"];
  const Score top1 = ScoreOf("top1", {}, Recorded()), top5 = ScoreOf("top5", {}, Recorded());
  EXPECT_DOUBLE_EQ(top1.value, expected["top1"]);
  EXPECT_DOUBLE_EQ(top5.value, expected["top5"]);
  EXPECT_EQ(top1.details.at("ties"), expected["ties1"].get<double>());
  EXPECT_EQ(top5.details.at("ties"), expected["ties5"].get<double>());
  EXPECT_EQ(top1.samples, 150);
  EXPECT_EQ(top1.per_sample.size(), 150u);
  const Interval wilson = WilsonInterval(std::lround(top1.value * 150), 150);
  EXPECT_DOUBLE_EQ(top1.interval.low, wilson.low);
  EXPECT_EQ(top1.interval.method, "Wilson");
}

TEST(Classification, ConfusionRatiosAsScikitLearnHasThem) {
  for (const std::string name : {"precision", "recall", "f1"}) {
    const auto& expected = Expected()["classification"][name];
    for (const std::string average : {"macro", "micro", "weighted"}) {
      const Score score = ScoreOf(name, {{"average", average}}, Recorded());
      EXPECT_NEAR(score.value, expected[average], 1e-12) << name << " " << average;
      EXPECT_NEAR(score.details.at(average), expected[average], 1e-12);
      EXPECT_LE(score.interval.low, score.value);
      EXPECT_GE(score.interval.high, score.value);
      EXPECT_EQ(score.replicates.size(), static_cast<size_t>(kResamples));
    }
    const Score macro = ScoreOf(name, {}, Recorded());
    size_t classes = 0;
    for (const auto& [key, value] : macro.details) classes += key.starts_with("class/");
    EXPECT_EQ(classes, expected["classes"].size());
    for (const auto& [key, value] : expected["classes"].items()) {
      EXPECT_NEAR(macro.details.at("class/" + key), value, 1e-12) << name << " " << key;
      EXPECT_NEAR(ScoreOf(name, {{"positive", key}}, Recorded()).value, value, 1e-12);
    }
  }
}

TEST(Classification, TiesGoToTheLowestIndex) {
  const std::vector<Observation> tied = {{{Floats("y", {1, 3, 3})}, {Label(2)}},
                                         {{Floats("y", {1, 3, 3})}, {Label(1)}},
                                         {{Floats("y", {1, 3, 2})}, {Label(1)}}};
  const Score score = ScoreOf("top1", {}, tied);
  EXPECT_EQ(score.per_sample, (std::vector<float>{0, 1, 1}));
  EXPECT_EQ(score.details.at("ties"), 2);
}

TEST(Classification, AcceptsBatchAxisOtherTypesAndFewClasses) {
  Observation observation{{Array<int8_t>("y", {1, 3, 1, 1}, {-5, 7, 2})}, {Label(1)}};
  EXPECT_EQ(ScoreOf("top1", {}, {observation}).value, 1);
  EXPECT_EQ(ScoreOf("top5", {}, {observation}).value, 1);
  EXPECT_EQ(ScoreOf("top5", {}, {observation}).details.at("ties"), 0);
}

TEST(Classification, OneOutputValueNeedsAThreshold) {
  const std::vector<Observation> observations = {{{Floats("p", {0.7f})}, {Label(1)}},
                                                 {{Floats("p", {0.5f})}, {Label(1)}},
                                                 {{Floats("p", {0.2f})}, {Label(0)}}};
  EXPECT_NEAR(ScoreOf("top1", {{"threshold", "0.5"}}, observations).value, 2.0 / 3, 1e-12);
  ExpectError(ErrorCode::kBadInput, "threshold", "top1", {}, observations);
}

TEST(Classification, LabelOffsetAndNamedOutput) {
  Observation observation{{Floats("other", {1}), Floats("y", {0, 1, 9})}, {Label(1)}};
  EXPECT_EQ(ScoreOf("top1", {{"output", "y"}, {"label_offset", "1"}}, {observation}).value, 1);
  ExpectError(ErrorCode::kUsage, "'other', 'y'", "top1", {}, {observation});
  ExpectError(ErrorCode::kUsage, "no output 'z'", "top1", {{"output", "z"}}, {observation});
}

TEST(Classification, RefusesWhatDoesNotFit) {
  const Observation good{{Floats("y", {1, 2})}, {Label(0)}};
  ExpectError(ErrorCode::kBadInput, "label 2 of sample 1 is outside the 2 classes of output 'y'",
              "top1", {}, {good, {{Floats("y", {1, 2})}, {Label(2)}}});
  ExpectError(ErrorCode::kBadInput, "label -1", "f1", {}, {{{Floats("y", {1, 2})}, {Label(-1)}}});
  ExpectError(ErrorCode::kBadInput, "output 'y' of sample 1 holds NaN", "top1", {},
              {good, {{Floats("y", {1, NAN})}, {Label(0)}}});
  ExpectError(ErrorCode::kBadInput, "no target 'label'", "top1", {}, {{{Floats("y", {1, 2})}, {}}});
  ExpectError(ErrorCode::kBadInput, "[2, 2]", "top1", {},
              {{{Array<float>("y", {2, 2}, {1, 2, 3, 4})}, {Label(0)}}});
  for (const char* name : {"top1", "top5", "precision"})
    ExpectError(ErrorCode::kBadInput, "no sample", name, {}, {});
  ExpectError(ErrorCode::kUsage, "'positive' is 7", "f1", {{"positive", "7"}}, {good});
}

TEST(Classification, ParametersAreChecked) {
  const auto code = [](std::string_view name, const ParameterMap& parameters) {
    const auto metric = Make(name, {parameters});
    return metric.ok() ? ErrorCode::kInternal : metric.error().code;
  };
  EXPECT_EQ(code("top1", {{"treshold", "1"}}), ErrorCode::kUsage);
  EXPECT_EQ(code("top1", {{"label_offset", "one"}}), ErrorCode::kUsage);
  EXPECT_EQ(code("f1", {{"average", "mean"}}), ErrorCode::kUsage);
  EXPECT_EQ(code("f1", {{"average", "micro"}, {"positive", "1"}}), ErrorCode::kUsage);
  EXPECT_EQ(code("top2", {}), ErrorCode::kUsage);
  EXPECT_NE(Make("top2", {}).error().ToString().find("agreement-top1"), std::string::npos);
}

TEST(Metrics, TableIsSortedAndCompleteAndNamesAreTheFiles) {
  std::vector<std::string> names;
  for (const MetricInfo& info : Table()) {
    names.emplace_back(info.name);
    EXPECT_FALSE(info.summary.empty());
  }
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(names, (std::vector<std::string>{"agreement-top1", "cer", "command", "cosine", "f1",
                                             "mae", "map", "map-voc", "mean-iou", "pearson",
                                             "precision", "recall", "rmse", "spearman", "sqnr",
                                             "top1", "top5", "wer"}));
}

}  // namespace
}  // namespace edgeopt::metrics
