#include "quant/calibration_table.h"

#include <limits>

#include "quant/calibrator.h"
#include "quant/observer.h"
#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

using nlohmann::json;

CalibrationTable MakeTable() {
  CalibrationTable table;
  table.model_sha256 = "abc";
  table.data = {"folder photos", "def", true, 100};
  table.calibrator = "entropy";
  Observer observer;
  auto values = Tails(20000, 5);
  values[3] = -std::numeric_limits<float>::infinity();
  values[4] = -3.4e38f;
  values[5] = 0;
  observer.Observe(values);
  observer.Observe(Bell(500, 6));
  CalibratedTensor& tensor = table.tensors["conv \"1\"/out\xC3\xA9"];
  tensor.statistics = observer.statistics();
  tensor.ranges["entropy"] = {-1.25f, 0.1f};
  tensor.half_difference["entropy"] = 0.02;
  Observer relu({.histogram = false});
  relu.Observe(Array("relu"));
  table.tensors["relu"].statistics = relu.statistics();
  table.means["relu"] = {0.5f, -1.25f};
  return table;
}

TEST(CalibrationTable, RoundTripIsExactWithAllBins) {
  const CalibrationTable table = MakeTable();
  const auto text = ToJson(table, Histogram::kBins);
  ASSERT_TRUE(text.ok());
  const auto back = CalibrationTableFromJson(*text);
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(back->model_sha256, table.model_sha256);
  EXPECT_EQ(back->data, table.data);
  EXPECT_EQ(back->calibrator, "entropy");
  EXPECT_EQ(back->means, table.means);
  ASSERT_EQ(back->tensors.size(), 2u);
  for (const auto& [name, tensor] : table.tensors) {
    const CalibratedTensor& read = back->tensors.at(name);
    EXPECT_EQ(read.ranges, tensor.ranges);
    EXPECT_EQ(read.half_difference, tensor.half_difference);
    const TensorStatistics &a = read.statistics, &b = tensor.statistics;
    EXPECT_EQ(a.range(), b.range());
    EXPECT_EQ(a.count, b.count);
    EXPECT_EQ(a.zeros, b.zeros);
    EXPECT_EQ(a.nonfinite, b.nonfinite);
    EXPECT_EQ(a.extreme, b.extreme);
    EXPECT_EQ(a.batches.batches, b.batches.batches);
    EXPECT_EQ(a.batches.first_min, b.batches.first_min);
    EXPECT_EQ(a.batches.moving_max, b.batches.moving_max);
    EXPECT_EQ(a.batches.sum_min, b.batches.sum_min);
    EXPECT_EQ(a.has_histogram, b.has_histogram);
    EXPECT_TRUE(a.histogram == b.histogram);
  }
  EXPECT_EQ(*ToJson(*back, Histogram::kBins), *text);
}

TEST(CalibrationTable, FewerBinsKeepCountsAndNearlyTheRanges) {
  const CalibrationTable table = MakeTable();
  const auto text = ToJson(table);
  const auto back = CalibrationTableFromJson(*text);
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_LT(text->size(), ToJson(table, Histogram::kBins)->size());
  const TensorStatistics& original = table.tensors.begin()->second.statistics;
  const TensorStatistics& read = back->tensors.begin()->second.statistics;
  EXPECT_EQ(read.histogram.exponent(), original.histogram.exponent());
  for (const std::string name : {"minmax", "percentile", "mse"}) {
    const Calibrator* calibrator = *FindCalibrator(name);
    const Range before = *Calibrate(*calibrator, original, {});
    const Range after = *Calibrate(*calibrator, read, {});
    EXPECT_LT(RelativeDifference(before, after), 0.05) << name;
  }
  // Written again, the merged counts are the same.
  EXPECT_EQ(*ToJson(*back), *text);
}

TEST(CalibrationTable, WithoutHistograms) {
  const auto text = ToJson(MakeTable(), 0);
  EXPECT_EQ(text->find("positive"), std::string::npos);
  const auto back = CalibrationTableFromJson(*text);
  ASSERT_TRUE(back.ok());
  EXPECT_FALSE(back->tensors.begin()->second.statistics.has_histogram);
}

TEST(CalibrationTable, HistogramByHand) {
  CalibrationTable table;
  TensorStatistics& seen = table.tensors["t"].statistics;
  seen.has_histogram = true;
  seen.count = 11;
  seen.zeros = 1;
  seen.max = 0.75;
  seen.histogram.Grow(0);
  seen.histogram.MutableSide(false)[0] = 3;
  seen.histogram.MutableSide(false)[2047] = 4;
  seen.histogram.MutableSide(false)[2048] = 3;
  const json written = json::parse(*ToJson(table, 4))["tensors"]["t"]["histogram"];
  EXPECT_EQ(written.dump(), R"({"bins":4,"exponent":0,"negative":[],"positive":[3,4,3]})");
  const auto back = CalibrationTableFromJson(*ToJson(table, 4));
  const auto& spread = back->tensors.at("t").statistics.histogram.positive();
  EXPECT_EQ(spread[0] + spread[1] + spread[2] + spread[3], 3u);  // 3 counts over 1024 bins
  EXPECT_EQ(spread[1024], 1u);
}

TEST(CalibrationTable, BadInputNamesTheField) {
  const json good = json::parse(*ToJson(MakeTable()));
  ASSERT_TRUE(CalibrationTableFromJson(good.dump()).ok());
  const std::string tensor = "/tensors/relu";
  const std::string other = "/tensors/conv \"1\"~1out\xC3\xA9";
  struct Case {
    std::string pointer;
    json value;
    std::string message;
  };
  const Case cases[] = {
      {"/kind", "something", "kind"},
      {"/data/generated", 1, "data.generated"},
      {"/data/samples", -1, "data.samples"},
      {"/data", json::array(), "data"},
      {"/tensors", json::array(), "tensors"},
      {"/model_sha256", 7, "model_sha256"},
      {tensor, 5, "tensors.relu"},
      {tensor + "/min", "0", "tensors.relu.min"},
      {tensor + "/min", 1e31, "tensors.relu.min"},
      {tensor + "/min", 100.0, "tensors.relu.min"},
      {tensor + "/zeros", 1e9, "tensors.relu.zeros"},
      {tensor + "/zeros", 1000000000u, "tensors.relu.zeros"},
      {tensor + "/batches/moving", json::array({1}), "tensors.relu.batches.moving"},
      {tensor + "/ranges", json::object({{"mse", {2, 1}}}), "tensors.relu.ranges.mse"},
      {tensor + "/ranges", json::object({{"mse", {0, 1e300}}}), "tensors.relu.ranges.mse"},
      {tensor + "/half_difference", json::object({{"mse", "x"}}), "half_difference.mse"},
      {other + "/histogram/bins", 3u, "histogram.bins"},
      {other + "/histogram/bins", 0u, "histogram.bins"},
      {other + "/histogram/bins", 8192u, "histogram.bins"},
      {other + "/histogram/exponent", 101, "histogram.exponent"},
      {other + "/histogram/exponent", -101, "histogram.exponent"},
      {other + "/histogram/exponent", 1e300, "histogram.exponent"},
      {other + "/histogram/positive", json::array({1u}), "histogram is not complete"},
      {other + "/histogram/positive", json::array({UINT64_MAX, 1u}), "histogram.positive"},
      {other + "/histogram/negative", json(std::vector<int>(513, 0)), "histogram.negative"},
      {other + "/histogram/negative", json::array({-1}), "histogram.negative[0]"},
  };
  for (const Case& test : cases) {
    json bad = good;
    bad[json::json_pointer(test.pointer)] = test.value;
    const auto result = CalibrationTableFromJson(bad.dump());
    ASSERT_FALSE(result.ok()) << test.pointer << " " << test.value;
    EXPECT_EQ(result.error().code, ErrorCode::kBadInput);
    EXPECT_NE(result.error().message.find(test.message), std::string::npos)
        << result.error().message;
  }
  for (const std::string key : {"kind", "data", "calibrator", "tensors", "schema_version"}) {
    json bad = good;
    bad.erase(key);
    const auto result = CalibrationTableFromJson(bad.dump());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message, "calibration table: " + key + " is missing");
  }
}

TEST(CalibrationTable, OtherVersionsAndOtherFiles) {
  json document = json::parse(*ToJson(MakeTable()));
  document["schema_version"] = 2;
  EXPECT_EQ(CalibrationTableFromJson(document.dump()).error().code, ErrorCode::kUnsupported);
  const std::string text = *ToJson(MakeTable());
  for (const size_t length : {size_t{0}, size_t{1}, text.size() / 2, text.size() - 1})
    EXPECT_FALSE(CalibrationTableFromJson(std::string_view(text).substr(0, length)).ok());
  for (const std::string other : {"[]", "3", "null", "\"x\"", "{}"})
    EXPECT_FALSE(CalibrationTableFromJson(other).ok());
}

TEST(CalibrationTable, NamesMustBeUtf8) {
  CalibrationTable table;
  table.tensors["\xFF"];
  const auto text = ToJson(table);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code, ErrorCode::kBadInput);
}

// Tables of before they were read again have neither.
TEST(CalibrationTable, RulesAndPercentileMayBeAbsent) {
  CalibrationTable table = MakeTable();
  EXPECT_FALSE(json::parse(*ToJson(table)).contains("rules"));
  EXPECT_EQ(CalibrationTableFromJson(*ToJson(table))->rules, "");
  table.rules = "litert";
  table.percentile = 99.9;
  const auto back = CalibrationTableFromJson(*ToJson(table));
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(back->rules, "litert");
  EXPECT_EQ(back->percentile, 99.9);
  json document = json::parse(*ToJson(table));
  document.erase("percentile");
  const auto half = CalibrationTableFromJson(document.dump());
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().message.find("percentile is missing"), std::string::npos)
      << half.error().message;
}

}  // namespace
}  // namespace edgeopt::quant
