// mean-iou: against scikit-learn and OpenCV, and by hand.
#include "metrics/segmentation.h"

#include <cmath>

#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

template <typename T>
std::vector<T> Flat(const nlohmann::json& nested) {
  std::vector<T> values;
  for (const auto& element : nested) {
    if (element.is_array()) {
      const std::vector<T> inner = Flat<T>(element);
      values.insert(values.end(), inner.begin(), inner.end());
    } else {
      values.push_back(element.get<T>());
    }
  }
  return values;
}

std::vector<Observation> Recorded() {
  const auto& data = Expected()["segmentation"];
  std::vector<Observation> observations;
  for (size_t i = 0; i < data["masks"].size(); ++i)
    observations.push_back({{Array<float>("y", {1, 4, 6, 8}, Flat<float>(data["scores"][i]))},
                            {Array<int64_t>("mask", {6, 8}, Flat<int64_t>(data["masks"][i]))}});
  return observations;
}

TEST(MeanIou, AsScikitLearnHasIt) {
  const auto& expected = Expected()["segmentation"];
  const Score score = ScoreOf("mean-iou", {}, Recorded());
  EXPECT_NEAR(score.value, expected["mean_iou"], 1e-12);
  EXPECT_NEAR(score.details.at("pixel_accuracy"), expected["pixel_accuracy"], 1e-12);
  for (size_t c = 0; c < 4; ++c)
    EXPECT_NEAR(score.details.at("class/" + std::to_string(c)), expected["classes"][c], 1e-12);
  EXPECT_LT(score.interval.low, score.value);
  EXPECT_GT(score.interval.high, score.value);
}

TEST(MeanIou, ChannelsLastAndClassOutputsAgree) {
  // Classes of a 2 x 2 image: 0 1 / 1 1 against the mask 0 1 / 0 255: IoU 1/2 and 1/2.
  const ir::Tensor mask = Array<int64_t>("mask", {2, 2}, {0, 1, 0, 255});
  const Observation last{{Array<float>("y", {2, 2, 2}, {1, 0, 0, 1, 0, 1, 0, 1})}, {mask}};
  EXPECT_NEAR(ScoreOf("mean-iou", {{"layout", "channels-last"}}, {last}).value, 0.5, 1e-12);
  for (const Observation& classes :
       {Observation{{Array<int64_t>("y", {1, 2, 2}, {0, 1, 1, 1})}, {mask}},
        Observation{{Array<uint8_t>("y", {2, 2, 1}, {0, 1, 1, 1})}, {mask}}}) {
    EXPECT_NEAR(ScoreOf("mean-iou", {{"classes", "2"}}, {classes}).value, 0.5, 1e-12);
    ExpectError(ErrorCode::kUsage, "classes", "mean-iou", {}, {classes});
  }
  const Observation logit{{Array<float>("y", {1, 2, 2}, {-1, 2, 3, 4})}, {mask}};
  EXPECT_NEAR(ScoreOf("mean-iou", {{"threshold", "0"}}, {logit}).value, 0.5, 1e-12);
  ExpectError(ErrorCode::kBadInput, "threshold", "mean-iou", {}, {logit});
}

PixelReader::Pixels Read(const ParameterMap& parameters, const Observation& observation,
                         ImageSize mask) {
  const auto checked = Parameters::Make("mean-iou", {parameters}, PixelReader::KnownParameters());
  return PixelReader::Make(checked.value()).value().Read(observation, mask, 0).value();
}

TEST(PixelReader, InterpolatesAsOpenCv) {
  const auto& expected = Expected()["segmentation"];
  const Observation observation{{Array<float>("y", {4, 6, 8}, Flat<float>(expected["scores"][0]))},
                                {}};
  const auto pixels = Read({}, observation, {15, 19});
  const auto resized = Flat<int64_t>(expected["resized"]);
  // OpenCV rounds its weights differently: pixels between two equal scores may fall either way.
  size_t different = 0;
  for (size_t i = 0; i < resized.size(); ++i) different += pixels.classes[i] != resized[i];
  EXPECT_LE(different, resized.size() / 100);
}

TEST(PixelReader, UndoesLetterboxAndCrop) {
  // Original 2 x 4, scaled by 2 into 8 x 8 with two rows above: rows 2 to 5 of the model's input.
  std::vector<int64_t> classes(64, 9);
  for (int64_t y = 0; y < 4; ++y)
    for (int64_t x = 0; x < 8; ++x)
      classes[static_cast<size_t>((y + 2) * 8 + x)] = y / 2 * 4 + x / 2;
  const Observation letterboxed{
      {Array<int64_t>("y", {8, 8}, classes)},
      {Array<int64_t>("image_size", {2}, {2, 4}), Floats("image_transform", {2, 2, 0, 2})}};
  EXPECT_EQ(Read({{"input_size", "8x8"}}, letterboxed, {2, 4}).classes,
            (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  // An output of half the input's size holds every second pixel.
  std::vector<int64_t> half;
  for (int64_t y = 0; y < 4; ++y)
    for (int64_t x = 0; x < 4; ++x) half.push_back(classes[static_cast<size_t>(y * 16 + x * 2)]);
  Observation smaller = letterboxed;
  smaller.outputs = {Array<int64_t>("y", {4, 4}, half)};
  EXPECT_EQ(Read({{"input_size", "8x8"}}, smaller, {2, 4}).classes,
            (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  // Centre crop of 2 of 4 columns.
  const Observation cropped{
      {Array<int64_t>("y", {2, 2}, {1, 2, 3, 4})},
      {Array<int64_t>("image_size", {2}, {2, 4}), Floats("image_transform", {1, 1, -1, 0})}};
  constexpr int64_t kUnseen = PixelReader::kUnseen;
  EXPECT_EQ(Read({{"input_size", "2x2"}}, cropped, {2, 4}).classes,
            (std::vector<int64_t>{kUnseen, 1, 2, kUnseen, kUnseen, 3, 4, kUnseen}));
}

TEST(MeanIou, UnseenPixelsAreLeftOutAndCounted) {
  const Observation cropped{
      {Array<int64_t>("y", {2, 2}, {1, 1, 0, 0})},
      {Array<int64_t>("image_size", {2}, {2, 4}), Floats("image_transform", {1, 1, -1, 0}),
       Array<int64_t>("mask", {2, 4}, {0, 1, 1, 0, 1, 0, 0, 1})}};
  const Score score = ScoreOf("mean-iou", {{"classes", "2"}, {"input_size", "2x2"}}, {cropped});
  EXPECT_EQ(score.value, 1);
  EXPECT_EQ(score.details.at("unseen_pixels"), 4);
  ExpectError(ErrorCode::kUsage, "input_size", "mean-iou", {{"classes", "2"}}, {cropped});
}

TEST(MeanIou, RefusesWhatDoesNotFit) {
  const auto with = [](std::vector<int64_t> mask, std::vector<float> scores) {
    return Observation{{Array<float>("y", {2, 1, 2}, scores)},
                       {Array<int64_t>("mask", {1, 2}, mask)}};
  };
  ExpectError(ErrorCode::kBadInput, "label 2 in sample 0 is outside the 2 classes of output 'y'",
              "mean-iou", {}, {with({0, 2}, {1, 0, 0, 1})});
  ExpectError(ErrorCode::kBadInput, "NaN", "mean-iou", {}, {with({0, 1}, {1, 0, NAN, 1})});
  ExpectError(ErrorCode::kBadInput, "not ignored", "mean-iou", {},
              {with({255, 255}, {1, 0, 0, 1})});
  ExpectError(ErrorCode::kBadInput, "predicted class 5", "mean-iou", {{"classes", "2"}},
              {{{Array<int64_t>("y", {1, 2}, {0, 5})}, {Array<int64_t>("mask", {1, 2}, {0, 1})}}});
  ExpectError(ErrorCode::kBadInput, "no sample", "mean-iou", {}, {});
}

}  // namespace
}  // namespace edgeopt::metrics
