// map and map-voc: against pycocotools and mean-average-precision, and by hand.
#include <cmath>

#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

std::vector<float> Flat(const nlohmann::json& rows) {
  std::vector<float> values;
  for (const auto& row : rows)
    for (const auto& value : row) values.push_back(value);
  return values;
}

ir::Tensor Bools(std::string name, const std::vector<bool>& values) {
  const std::string bytes(values.begin(), values.end());
  return Named(std::move(name),
               ir::Tensor::Make(ir::DataType::kBool, {static_cast<int64_t>(values.size())},
                                Buffer::Own(bytes))
                   .value());
}

// Detections arrive as the decoder 'boxes-scores-classes' wants them, in original pixels.
Observation Image(const std::vector<float>& found, const std::vector<float>& scores,
                  const std::vector<int64_t>& found_classes, const std::vector<float>& boxes,
                  const std::vector<int64_t>& classes) {
  const auto count = static_cast<int64_t>(scores.size());
  const auto objects = static_cast<int64_t>(classes.size());
  return {
      {Array<float>("boxes", {count, 4}, found), Floats("scores", scores),
       Array<int64_t>("classes", {count}, found_classes)},
      {Array<float>("boxes", {objects, 4}, boxes), Array<int64_t>("classes", {objects}, classes),
       Array<int64_t>("image_size", {2}, {1000, 1000}), Floats("image_transform", {1, 1, 0, 0})}};
}

const ParameterMap kPixels = {{"decoder", "boxes-scores-classes"},
                              {"order", "boxes,scores,classes"},
                              {"box_order", "xyxy"},
                              {"normalized", "false"},
                              {"score_threshold", "0"},
                              {"max_detections", "1000"}};

ParameterMap With(const ParameterMap& more) {
  ParameterMap parameters = more;
  parameters.insert(kPixels.begin(), kPixels.end());
  return parameters;
}

Observation Recorded(const nlohmann::json& image, bool for_coco) {
  Observation observation = Image(Flat(image["found"]), image[for_coco ? "scores" : "voc_scores"],
                                  image["found_classes"], Flat(image["boxes"]), image["classes"]);
  observation.targets.push_back(Named("image_id", ir::Tensor::Scalar(image["id"].get<int64_t>())));
  if (for_coco) {
    observation.targets.push_back(Bools("crowd", image["crowd"]));
    observation.targets.push_back(Floats("area", image["area"]));
  }
  return observation;
}

std::vector<Observation> Recorded(bool for_coco) {
  std::vector<Observation> observations;
  for (const auto& image : Expected()["images"]) observations.push_back(Recorded(image, for_coco));
  return observations;
}

// Crowds, ties within and between images, images without objects or detections, classes without
// objects, 130 detections of one class in an image.
TEST(Map, AsPycocotoolsHasIt) {
  const auto& expected = Expected()["coco"];
  const Score score = ScoreOf("map", kPixels, Recorded(true));
  EXPECT_NEAR(score.value, expected["map"], 1e-12);
  for (const char* name : {"ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar100"})
    EXPECT_NEAR(score.details.at(name), expected[name], 1e-12) << name;
  size_t classes = 0;
  for (const auto& [name, value] : score.details) classes += name.starts_with("class/");
  EXPECT_EQ(classes, expected["classes"].size());
  for (const auto& [index, value] : expected["classes"].items())
    EXPECT_NEAR(score.details.at("class/" + index), value, 1e-12) << index;
  EXPECT_EQ(score.samples, 24);
  EXPECT_LT(score.interval.low, score.value);
  EXPECT_GT(score.interval.high, score.value);
  EXPECT_GE(score.replicates.size(), 2000u);
}

TEST(MapVoc, AsMeanAveragePrecisionHasIt) {
  for (const auto& [year, classes] : Expected()["voc"].items()) {
    const Score score = ScoreOf("map-voc", With({{"year", year}}), Recorded(false));
    double sum = 0;
    for (const auto& [index, value] : classes.items()) {
      // The package averages in float32.
      EXPECT_NEAR(score.details.at("class/" + index), value, 2e-7) << year << " " << index;
      sum += value.get<double>();
    }
    EXPECT_NEAR(score.value, sum / static_cast<double>(classes.size()), 2e-7) << year;
  }
}

// Two objects; detections by falling score: hit, far off, hit. Precision 1, 1/2, 2/3 at recall
// 1/2, 1/2, 1. The area below the curve is 1/2 + 2/3 * 1/2; 11 points are 6 * 1 + 5 * 2/3; of 101
// points the 51 up to 0.5 are 1, the other 50 are 2/3.
TEST(Map, ByHand) {
  const std::vector<Observation> images = {Image({0, 0, 10, 10, 50, 50, 60, 60, 20, 0, 30, 10},
                                                 {0.9f, 0.8f, 0.7f}, {0, 0, 0},
                                                 {0, 0, 10, 10, 20, 0, 30, 10}, {0, 0})};
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, images).value, 0.5 + 2.0 / 3 / 2, 1e-12);
  EXPECT_NEAR(ScoreOf("map-voc", With({{"year", "2007"}}), images).value, (6 + 5 * 2.0 / 3) / 11,
              1e-12);
  const Score coco = ScoreOf("map", kPixels, images);
  EXPECT_NEAR(coco.value, (51 + 50 * 2.0 / 3) / 101, 1e-12);
  EXPECT_NEAR(coco.details.at("ap_small"), coco.value, 1e-12);
  EXPECT_FALSE(coco.details.contains("ap_large"));
}

// The first detection overlaps both objects by 2/3 and takes the one that comes last, as in
// pycocotools; the second detection fits one object only.
TEST(Map, OfEqualOverlapsTheLastObjectIsTaken) {
  const std::vector<float> found = {2, 0, 12, 10, 4, 0, 14, 10};
  const auto ap50 = [&](const std::vector<float>& boxes) {
    const Score score =
        ScoreOf("map", kPixels, {Image(found, {0.9f, 0.8f}, {0, 0}, boxes, {0, 0})});
    return score.details.at("ap50");
  };
  EXPECT_NEAR(ap50({4, 0, 14, 10, 0, 0, 10, 10}), 1, 1e-12);
  EXPECT_NEAR(ap50({0, 0, 10, 10, 4, 0, 14, 10}), 51.0 / 101, 1e-12);
}

// The crowd holds the whole detection, the object only overlaps it by 0.6; still the object is
// found.
TEST(Map, AnObjectIsNotLeftForACrowd) {
  Observation image = Image({0, 0, 10, 6}, {0.9f}, {0}, {0, 0, 10, 10, 0, 0, 100, 100}, {0, 0});
  image.targets.push_back(Bools("crowd", {false, true}));
  EXPECT_NEAR(ScoreOf("map", kPixels, {image}).details.at("ap50"), 1, 1e-12);
  // A detection of the crowd alone is ignored, any number of times: no false positive.
  Observation in_crowd = Image({50, 50, 60, 60, 70, 50, 80, 60, 0, 0, 10, 10}, {0.9f, 0.8f, 0.7f},
                               {0, 0, 0}, {0, 0, 10, 10, 0, 0, 100, 100}, {0, 0});
  in_crowd.targets.push_back(Bools("crowd", {false, true}));
  EXPECT_NEAR(ScoreOf("map", kPixels, {in_crowd}).value, 1, 1e-12);
}

// Of one class in one image the 100 best detections count; the object is found by the last one.
TEST(Map, AtMostAHundredDetectionsOfAClass) {
  const auto ap50 = [](size_t misses) {
    std::vector<float> found, scores;
    for (size_t i = 0; i < misses; ++i) {
      found.insert(found.end(), {500, 500, 510, 510});
      scores.push_back(0.9f);
    }
    found.insert(found.end(), {0, 0, 10, 10});
    scores.push_back(0.5f);
    const std::vector<int64_t> classes(scores.size(), 0);
    return ScoreOf("map", kPixels, {Image(found, scores, classes, {0, 0, 10, 10}, {0})})
        .details.at("ap50");
  };
  EXPECT_NEAR(ap50(99), 0.01, 1e-12);
  EXPECT_EQ(ap50(100), 0);
}

// Two objects, detected with precision 1, 1, 2/3 (the last is the second object's again). Whichever
// is difficult leaves one object, found at precision 1.
TEST(MapVoc, DifficultObjectsNeitherCountNorHarm) {
  Observation image = Image({0, 0, 10, 10, 20, 0, 30, 10, 20, 0, 30, 9}, {0.9f, 0.8f, 0.7f},
                            {0, 0, 0}, {0, 0, 10, 10, 20, 0, 30, 10}, {0, 0});
  image.targets.push_back(Bools("difficult", {true, false}));
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, {image}).value, 1, 1e-12);
  image.targets.back() = Bools("difficult", {false, true});
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, {image}).value, 1, 1e-12);
  // A miss of the plain object before it is found costs, however well the difficult one is found.
  Observation late = Image({20, 0, 30, 10, 60, 0, 70, 10, 0, 0, 10, 10}, {0.9f, 0.8f, 0.7f},
                           {0, 0, 0}, {0, 0, 10, 10, 20, 0, 30, 10}, {0, 0});
  late.targets.push_back(Bools("difficult", {false, true}));
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, {late}).value, 0.5, 1e-12);
  image.targets.back() = Bools("difficult", {true, true});
  ExpectError(ErrorCode::kBadInput, "no object", "map-voc", kPixels, {image});
}

TEST(MapVoc, OverlapThresholdAndDoubleDetections) {
  // IoU 0.5 exactly is enough; the same object again is not.
  const Observation half = Image({0, 0, 10, 5}, {0.9f}, {0}, {0, 0, 10, 10}, {0});
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, {half}).value, 1, 1e-12);
  EXPECT_NEAR(ScoreOf("map-voc", With({{"iou", "0.6"}}), {half}).value, 0, 1e-12);
  const Observation twice = Image({0, 0, 10, 10, 0, 0, 10, 9, 40, 0, 50, 10}, {0.9f, 0.8f, 0.7f},
                                  {0, 0, 0}, {0, 0, 10, 10, 40, 0, 50, 10}, {0, 0});
  EXPECT_NEAR(ScoreOf("map-voc", kPixels, {twice}).value, 0.5 + 2.0 / 3 / 2, 1e-12);
}

// A draw weighs images; weighing one twice is evaluating it twice. Scores are distinct, so that
// only copies tie, which moves no precision that the interpolation uses.
TEST(Map, ReplicatesAreEvaluationsOfTheDrawnImages) {
  std::vector<Observation> images;
  for (size_t i = 12; i < 20; ++i) {
    images.push_back(Recorded(Expected()["images"][i], false));
    std::erase_if(images.back().targets, [](const auto& t) { return t.name == "image_id"; });
  }
  for (const char* metric : {"map", "map-voc"}) {
    const Score score = ScoreOf(metric, kPixels, images);
    Resampler resampler(images.size());
    for (size_t draw = 0; draw < 10; ++draw) {
      const auto counts = resampler.Next();
      std::vector<Observation> drawn;
      for (size_t i = 0; i < counts.size(); ++i) drawn.insert(drawn.end(), counts[i], images[i]);
      EXPECT_NEAR(score.replicates[draw], ScoreOf(metric, kPixels, drawn).value, 1e-12);
    }
  }
}

TEST(Map, OrderOfEvaluationDoesNotMatter) {
  std::vector<Observation> images = Recorded(true);
  const double value = ScoreOf("map", kPixels, images).value;
  std::reverse(images.begin(), images.end());
  EXPECT_DOUBLE_EQ(ScoreOf("map", kPixels, images).value, value);
}

TEST(Map, RefusesWhatDoesNotFit) {
  const Observation good = Image({0, 0, 1, 1}, {0.5f}, {0}, {0, 0, 1, 1}, {0});
  const auto without = [&](std::string_view name) {
    Observation observation = good;
    std::erase_if(observation.targets, [&](const auto& t) { return t.name == name; });
    return observation;
  };
  for (const char* name : {"boxes", "classes", "image_size", "image_transform"})
    ExpectError(ErrorCode::kBadInput, name, "map", kPixels, {without(name)});
  ExpectError(ErrorCode::kBadInput, "ends before it begins", "map", kPixels,
              {Image({0, 0, 1, 1}, {0.5f}, {0}, {5, 0, 1, 1}, {0})});
  ExpectError(ErrorCode::kBadInput, "NaN", "map", kPixels,
              {Image({0, 0, 1, NAN}, {0.5f}, {0}, {0, 0, 1, 1}, {0})});
  ExpectError(ErrorCode::kBadInput, "expected 2 elements", "map", kPixels,
              {{good.outputs,
                {good.targets[0], good.targets[1], Array<int64_t>("image_size", {3}, {1, 2, 3}),
                 good.targets[3]}}});
  ExpectError(ErrorCode::kBadInput, "no sample", "map", kPixels, {});
  ExpectError(ErrorCode::kBadInput, "no object", "map", kPixels,
              {Image({0, 0, 1, 1}, {0.5f}, {0}, {}, {})});
  ExpectError(ErrorCode::kUsage, "yolov8", "map", {}, {});
  ExpectError(ErrorCode::kUsage, "yolov8", "map", {{"decoder", "yolo"}}, {});
  ExpectError(ErrorCode::kUsage, "no parameter 'anchors'", "map", With({{"anchors", "x"}}), {});
}

}  // namespace
}  // namespace edgeopt::metrics
