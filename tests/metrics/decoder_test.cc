// Decoders, suppression and the way back to the original image: by hand from the published
// layouts and torchvision's documentation.
#include "metrics/decoder.h"

#include <cmath>
#include <random>

#include "base/file.h"
#include "ir/npy.h"
#include "metrics/detections.h"
#include "metrics/nms.h"
#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

Result<std::vector<Detection>> TryRead(const ParameterMap& options,
                                       const Observation& observation) {
  Parameters parameters;
  EDGEOPT_TRY(const auto reader, DetectionReader::Make("map", {options}, {}, parameters));
  return reader.Read(observation, 0);
}

std::vector<Detection> Read(const ParameterMap& options, const Observation& observation) {
  const auto detections = TryRead(options, observation);
  EXPECT_TRUE(detections.ok()) << detections.error().ToString();
  return detections.ok() ? *detections : std::vector<Detection>();
}

void ExpectDetection(const Detection& found, Box box, float score, int64_t class_index) {
  EXPECT_NEAR(found.box.x1, box.x1, 1e-4);
  EXPECT_NEAR(found.box.y1, box.y1, 1e-4);
  EXPECT_NEAR(found.box.x2, box.x2, 1e-4);
  EXPECT_NEAR(found.box.y2, box.y2, 1e-4);
  EXPECT_NEAR(found.score, score, 1e-6);
  EXPECT_EQ(found.class_index, class_index);
}

// The original is 200 wide, 100 high; scaled by 0.5 to 100 x 50 and centred in 100 x 100.
std::vector<ir::Tensor> Letterbox() {
  return {Array<int64_t>("image_size", {2}, {100, 200}),
          Floats("image_transform", {0.5f, 0.5f, 0, 25})};
}

TEST(Yolov5, ScoresAreObjectnessTimesClassAndTheLetterboxIsUndone) {
  const ir::Tensor output = Array<float>(
      "out", {1, 3, 7}, {50, 50, 20, 10, 0.8f,  0.5f, 0.25f,   // both classes above the threshold
                         50, 50, 20, 10, 0.05f, 1.0f, 1.0f,    // objectness below it
                         95, 30, 30, 30, 0.9f,  0.1f, 0.9f});  // reaches over the border
  const Observation observation{{output}, Letterbox()};
  const auto found = Read({{"decoder", "yolov5"}, {"score_threshold", "0.1"}}, observation);
  ASSERT_EQ(found.size(), 3u);
  // (95 +- 15, 30 +- 15 - 25) / 0.5, clipped to 200 x 100.
  ExpectDetection(found[0], {160, 0, 200, 40}, 0.81f, 1);
  ExpectDetection(found[1], {80, 40, 120, 60}, 0.4f, 0);
  ExpectDetection(found[2], {80, 40, 120, 60}, 0.2f, 1);
  const auto single = Read(
      {{"decoder", "yolov5"}, {"score_threshold", "0.1"}, {"multi_label", "false"}}, observation);
  ASSERT_EQ(single.size(), 2u);
  EXPECT_EQ(single[1].class_index, 0);
}

TEST(Yolov8, ColumnsOfBoxesAndClassScores) {
  // Three boxes, two classes; the second box overlaps the first by 9/11 > 0.7 and is of its class.
  const std::vector<float> columns = {50,       51, 20, /*y*/ 50,   50,   40, /*w*/ 10, 10, 8,
                                      /*h*/ 20, 20, 8,  /*0*/ 0.9f, 0.8f, 0,  /*1*/ 0,  0,  0.6f};
  std::vector<float> rows;
  for (size_t i = 0; i < 3; ++i)
    for (size_t c = 0; c < 6; ++c) rows.push_back(columns[c * 3 + i]);
  const ParameterMap channels_last = {{"decoder", "yolov8"}, {"layout", "channels-last"}};
  for (const auto& found :
       {Read({{"decoder", "yolov8"}}, {{Array<float>("out", {1, 6, 3}, columns)}, Letterbox()}),
        Read(channels_last, {{Array<float>("out", {3, 6}, rows)}, Letterbox()})}) {
    ASSERT_EQ(found.size(), 2u);
    ExpectDetection(found[0], {90, 30, 110, 70}, 0.9f, 0);
    ExpectDetection(found[1], {32, 22, 48, 38}, 0.6f, 1);
  }
  EXPECT_EQ(Read({{"decoder", "yolov8"}, {"nms_iou", "0.9"}},
                 {{Array<float>("out", {6, 3}, columns)}, Letterbox()})
                .size(),
            3u);
}

TEST(Yolov8, NormalizedBoxesNeedTheInputSize) {
  const Observation observation{{Array<float>("out", {5, 1}, {0.5f, 0.5f, 0.1f, 0.2f, 0.9f})},
                                Letterbox()};
  ParameterMap parameters = {{"decoder", "yolov8"}, {"normalized", "true"}};
  EXPECT_EQ(TryRead(parameters, observation).error().code, ErrorCode::kUsage);
  parameters["input_size"] = "100x100";
  ExpectDetection(Read(parameters, observation).at(0), {90, 30, 110, 70}, 0.9f, 0);
  // Stretched, not letterboxed, and no transform: shares of the original.
  const Observation stretched{observation.outputs, {Letterbox()[0]}};
  ExpectDetection(Read(parameters, stretched).at(0), {90, 40, 110, 60}, 0.9f, 0);
}

class SsdTest : public testing::Test {
 protected:
  void SetUp() override {
    const ir::Tensor anchors =
        ir::Tensor::Of<float>({2, 4}, {0.5f, 0.5f, 0.2f, 0.4f, 0.25f, 0.25f, 0.1f, 0.1f});
    ASSERT_TRUE(WriteFile(path(), ir::EncodeNpy(anchors).value()).ok());
  }
  std::filesystem::path path() const { return folder_.path() / "anchors.npy"; }
  ParameterMap Options(const ParameterMap& more) const {
    ParameterMap options = more;
    options.insert({{"decoder", "ssd"},
                    {"boxes", "b"},
                    {"scores", "s"},
                    {"anchors", path().string()},
                    {"input_size", "100x100"}});
    return options;
  }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
};

TEST_F(SsdTest, BoxCoderOfTensorFlow) {
  // First box: ty 1, tx -1, th 5 ln 2, tw 0. Centre y = 1/10 * 0.2 + 0.5 = 0.52, x = 0.5 - 0.04 =
  // 0.46; height 0.4, width 0.4. Second box: the anchor itself.
  const Observation observation{
      {Array<float>("b", {1, 2, 4}, {1, -1, 5 * std::log(2.0f), 0, 0, 0, 0, 0}),
       Array<float>("s", {1, 2, 3}, {9, 0, -9, -9, -9, std::log(3.0f)})},
      {Array<int64_t>("image_size", {2}, {100, 100}), Floats("image_transform", {1, 1, 0, 0})}};
  // Sigmoids 1/2 (class 1) and 3/4 (class 2); the background's 9 counts for nothing.
  const auto found = Read(Options({{"score_threshold", "0.1"}}), observation);
  ASSERT_EQ(found.size(), 2u);
  ExpectDetection(found[0], {20, 20, 30, 30}, 0.75f, 1);
  ExpectDetection(found[1], {26, 32, 66, 72}, 0.5f, 0);
  // Without background the classes stay where they are.
  const auto plain =
      Read(Options({{"score_threshold", "0.1"}, {"background", "none"}}), observation);
  ASSERT_EQ(plain.size(), 3u);
  EXPECT_EQ(plain[0].class_index, 0);
  EXPECT_EQ(plain[1].class_index, 2);
  // Softmax of (9, 0, -9): class 1 has e^-9 / (1 + e^-9 + e^-18).
  const auto soft =
      Read(Options({{"activation", "softmax"}, {"score_threshold", "1e-5"}}), observation);
  ASSERT_EQ(soft.size(), 4u - 1u);
  EXPECT_NEAR(soft[1].score, std::exp(-9.0) / (1 + std::exp(-9.0) + std::exp(-18.0)), 1e-8);
}

TEST_F(SsdTest, OrdersAndScales) {
  const Observation observation{{Array<float>("b", {2, 4}, {-1, 1, 0, 2, 0, 0, 0, 0}),
                                 Array<float>("s", {2, 2}, {0, 0.9f, 0, 0})},
                                {Array<int64_t>("image_size", {2}, {100, 100})}};
  // x first: tx -1 / 8, ty 1 / 4, tw 0, th 2 / 2, on the anchor as x, y, w, h.
  const auto found = Read(Options({{"box_order", "xywh"},
                                   {"anchor_order", "xywh"},
                                   {"scales", "4,8,2,5"},
                                   {"activation", "none"}}),
                          observation);
  ASSERT_EQ(found.size(), 1u);
  const float x = 0.5f - 0.2f / 8, y = 0.5f + 0.4f / 4, half_height = 0.2f * std::exp(1.0f);
  ExpectDetection(found[0],
                  {100 * (x - 0.1f), 100 * std::max(0.0f, y - half_height), 100 * (x + 0.1f),
                   100 * std::min(1.0f, y + half_height)},
                  0.9f, 0);
  // Corners 0.5, 0.5, 0.2, 0.4 would be upside down; the second anchor has no area.
  const Observation second{{Array<float>("b", {2, 4}, {0, 0, 0, 0, 0, 0, 0, 0}),
                            Array<float>("s", {2, 2}, {0, 0.9f, 0, 0})},
                           observation.targets};
  ExpectDetection(Read(Options({{"anchor_order", "yxyx"}, {"activation", "none"}}), second).at(0),
                  {50, 50, 40, 20}, 0.9f, 0);
}

TEST_F(SsdTest, RefusesWhatDoesNotFit) {
  const std::vector<ir::Tensor> targets = {Array<int64_t>("image_size", {2}, {100, 100})};
  const Observation three{{Array<float>("b", {3, 4}, std::vector<float>(12)),
                           Array<float>("s", {3, 2}, std::vector<float>(6))},
                          targets};
  EXPECT_NE(TryRead(Options({}), three).error().message.find("2 anchors"), std::string::npos);
  const Observation two{{Array<float>("b", {2, 4}, std::vector<float>(8)),
                         Array<float>("s", {2, 2}, std::vector<float>(4))},
                        targets};
  EXPECT_EQ(TryRead(Options({{"background", "2"}}), two).error().code, ErrorCode::kUsage);
  EXPECT_EQ(TryRead(Options({{"scales", "1,2,3"}}), two).error().code, ErrorCode::kUsage);
  EXPECT_EQ(TryRead(Options({{"anchors", "/nowhere.npy"}}), two).error().code,
            ErrorCode::kUnavailable);
  ASSERT_TRUE(WriteFile(path(), "no array").ok());
  EXPECT_EQ(TryRead(Options({}), two).error().code, ErrorCode::kBadInput);
}

TEST(BoxesScoresClasses, TfliteOrderWithCount) {
  const Observation observation{
      {Array<float>("detection_boxes", {1, 3, 4}, {0.1f, 0.2f, 0.3f, 0.4f, 0, 0, 1, 1, 0, 0, 1, 1}),
       Array<float>("detection_classes", {1, 3}, {7, 2, 2}),
       Array<float>("detection_scores", {1, 3}, {0.9f, 0.8f, 0.99f}),
       Floats("num_detections", {2})},
      {Array<int64_t>("image_size", {2}, {100, 200})}};
  const auto found = Read({{"decoder", "boxes-scores-classes"}}, observation);
  ASSERT_EQ(found.size(), 2u);  // the third is beyond the count
  ExpectDetection(found[0], {40, 10, 80, 30}, 0.9f, 7);
  ExpectDetection(found[1], {0, 0, 200, 100}, 0.8f, 2);
  const ParameterMap mapped = {{"decoder", "boxes-scores-classes"}, {"class_offset", "1"}};
  EXPECT_EQ(Read(mapped, observation)[0].class_index, 8);
  const ParameterMap listed = {{"decoder", "boxes-scores-classes"},
                               {"class_ids", "0, 1, 90, 3, 4, 5, 6, 44"}};
  EXPECT_EQ(Read(listed, observation)[0].class_index, 44);
  EXPECT_EQ(Read(listed, observation)[1].class_index, 90);
  EXPECT_EQ(TryRead({{"decoder", "boxes-scores-classes"}, {"class_ids", "1,2"}}, observation)
                .error()
                .code,
            ErrorCode::kBadInput);
}

TEST(BoxesScoresClasses, NamedAndPackedOutputs) {
  const std::vector<ir::Tensor> targets = {Array<int64_t>("image_size", {2}, {100, 200}),
                                           Floats("image_transform", {2, 2, 0, 0})};
  const Observation named{{Floats("s", {0.5f}), Array<int64_t>("c", {1}, {3}),
                           Array<float>("b", {1, 4}, {20, 40, 60, 80})},
                          targets};
  const ParameterMap names = {{"decoder", "boxes-scores-classes"},
                              {"boxes", "b"},
                              {"scores", "s"},
                              {"classes", "c"},
                              {"box_order", "xyxy"},
                              {"normalized", "false"}};
  ExpectDetection(Read(names, named).at(0), {10, 20, 30, 40}, 0.5f, 3);
  const Observation packed{
      {Array<float>("out", {1, 2, 6}, {20, 40, 60, 80, 0.5f, 3, 0, 0, 9, 9, 0.6f, 1})}, targets};
  const auto found = Read({{"decoder", "boxes-scores-classes"}, {"packed", "out"}}, packed);
  ASSERT_EQ(found.size(), 2u);
  ExpectDetection(found[0], {0, 0, 4.5f, 4.5f}, 0.6f, 1);
  ExpectDetection(found[1], {10, 20, 30, 40}, 0.5f, 3);
}

TEST(BoxesScoresClasses, RefusesWhatDoesNotFit) {
  const std::vector<ir::Tensor> targets = {Array<int64_t>("image_size", {2}, {100, 200})};
  const auto code = [&](std::vector<ir::Tensor> outputs, ParameterMap more = {}) {
    more.insert({"decoder", "boxes-scores-classes"});
    const auto found = TryRead(more, {std::move(outputs), targets});
    return found.ok() ? ErrorCode::kInternal : found.error().code;
  };
  const ir::Tensor boxes = Array<float>("b", {1, 4}, {0, 0, 1, 1});
  EXPECT_EQ(code({boxes, Floats("c", {1})}), ErrorCode::kUsage);
  EXPECT_EQ(code({boxes, Floats("c", {1, 2}), Floats("s", {1})}), ErrorCode::kBadInput);
  EXPECT_EQ(code({boxes, Floats("c", {1}), Floats("s", {1}), Floats("n", {5})}),
            ErrorCode::kBadInput);
  EXPECT_EQ(code({boxes, Floats("c", {1}), Floats("s", {NAN})}), ErrorCode::kBadInput);
  EXPECT_EQ(code({boxes}, {{"packed", "b"}}), ErrorCode::kBadInput);
  EXPECT_EQ(code({boxes}, {{"order", "boxes,scores"}}), ErrorCode::kUsage);
}

// IoU of a and b is exactly 1/3, and torchvision drops only what is above the threshold.
TEST(Nms, ThresholdIsExclusiveAndClassesAreApart) {
  const Box a{0, 0, 2, 2}, b{1, 0, 3, 2}, far{9, 9, 10, 10};
  const std::vector<Detection> candidates = {
      {b, 0.8f, 0}, {a, 0.9f, 0}, {b, 0.7f, 1}, {far, 0.1f, 0}};
  const auto kept_at = [&](float threshold, size_t max_kept) {
    std::vector<float> scores;
    for (const Detection& kept : Suppress(candidates, threshold, max_kept))
      scores.push_back(kept.score);
    return scores;
  };
  const float third = 2.0f / 6.0f;
  EXPECT_EQ(kept_at(third, 10), (std::vector<float>{0.9f, 0.8f, 0.7f, 0.1f}));
  EXPECT_EQ(kept_at(std::nextafter(third, 0.0f), 10), (std::vector<float>{0.9f, 0.7f, 0.1f}));
  EXPECT_EQ(kept_at(0.2f, 2), (std::vector<float>{0.9f, 0.7f}));
  EXPECT_TRUE(Suppress({}, 0.5f, 10).empty());
}

// The definition: of each class, each box either is kept or overlaps a kept one of higher or equal
// score by more than the threshold, and no two kept ones overlap that much.
TEST(Nms, HoldsToTheDefinitionOnRandomBoxes) {
  std::mt19937 engine(1);
  const auto uniform = [&](float high) {
    return static_cast<float>(engine() % 1000) / 1000 * high;
  };
  std::vector<Detection> candidates;
  for (int i = 0; i < 400; ++i) {
    const float x = uniform(50), y = uniform(50);
    candidates.push_back({{x, y, x + 5 + uniform(20), y + 5 + uniform(20)},
                          static_cast<float>(engine() % 50) / 50,
                          static_cast<int64_t>(i % 3)});
  }
  const auto kept = Suppress(candidates, 0.5f, 1000);
  EXPECT_LT(kept.size(), candidates.size());
  const auto is_kept = [&](const Detection& d) {
    return std::any_of(kept.begin(), kept.end(), [&](const Detection& k) {
      return k.box.x1 == d.box.x1 && k.box.y1 == d.box.y1 && k.score == d.score &&
             k.class_index == d.class_index;
    });
  };
  for (const Detection& candidate : candidates) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](const Detection& k) {
      return k.class_index == candidate.class_index && k.score >= candidate.score &&
             Overlap(k.box, candidate.box) > 0.5f && k.box.x1 != candidate.box.x1;
    });
    EXPECT_NE(covered, is_kept(candidate));
  }
}

}  // namespace
}  // namespace edgeopt::metrics
