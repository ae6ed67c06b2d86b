#include "runtimes/tensorrt/trtexec_results.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgeopt::runtimes::tensorrt {
namespace {

// Form and first row of resnet-qat-residual.onnx.engine.timing.json in TensorRT's engine explorer.
constexpr std::string_view kTimes = R"([
  { "startEnqMs" : 2.50167, "endEnqMs" : 2.53295, "startH2dMs" : 2.39616, "endH2dMs" : 2.39616, "startComputeMs" : 2.39616, "endComputeMs" : 2.97267, "startD2hMs" : 2.97267, "endD2hMs" : 2.97267, "h2dMs" : 0, "computeMs" : 0.576512, "d2hMs" : 0, "latencyMs" : 0.576512 }
, { "startEnqMs" : 3.6, "endEnqMs" : 3.7, "startH2dMs" : 1e+03, "endH2dMs" : 3.55, "startComputeMs" : 3.55, "endComputeMs" : 4.1, "startD2hMs" : 4.1, "endD2hMs" : 4.2, "h2dMs" : 0.05, "computeMs" : 0.55, "d2hMs" : 0.1, "latencyMs" : 0.7 }
])";

TEST(ParseTimes, ReadsEveryQuery) {
  const auto times = ParseTimes(kTimes);
  ASSERT_TRUE(times.ok()) << times.error().ToString();
  EXPECT_EQ(times->start_ns, (std::vector<int64_t>{2396160, 1000000000}));
  EXPECT_EQ(times->latency_ns, (std::vector<int64_t>{576512, 700000}));
  EXPECT_EQ(times->compute_ns, (std::vector<int64_t>{576512, 550000}));
}

TEST(ParseTimes, RefusesWhatIsNoSuchFile) {
  for (const char* text :
       {"", "[", "[]", "{}", "[1]", "[{}]", "null", "[{\"startH2dMs\":1,\"latencyMs\":1}]",
        R"([{"startH2dMs":1,"latencyMs":-1,"computeMs":1}])",
        R"([{"startH2dMs":1,"latencyMs":nan,"computeMs":1}])",
        R"([{"startH2dMs":1,"latencyMs":inf,"computeMs":1}])",
        R"([{"startH2dMs":1,"latencyMs":1e300,"computeMs":1}])",
        R"([{"startH2dMs":"soon","latencyMs":1,"computeMs":1}])"}) {
    const auto times = ParseTimes(text);
    ASSERT_FALSE(times.ok()) << text;
    EXPECT_EQ(times.error().code, ErrorCode::kBadInput) << text;
  }
}

TEST(ParseTimes, SurvivesEveryCut) {
  for (size_t size = 0; size < kTimes.size() - 1; ++size)
    EXPECT_FALSE(ParseTimes(kTimes.substr(0, size)).ok()) << size;
}

// resnet-qat-residual.onnx.engine.profile.json of the same place.
TEST(ParseLayerTimes, ReadsCountAndLayers) {
  const auto times = ParseLayerTimes(R"([
  { "count" : 12 }
, { "name" : "QuantizeLinear_2", "timeMs" : 1.14278, "averageMs" : 0.095232, "medianMs" : 0.0952, "percentage" : 13.0252 }
, { "name" : "conv1.weight + QuantizeLinear_7 + Conv_9 + MaxPool_12", "timeMs" : 0.872448, "averageMs" : 0.072704, "medianMs" : 0.072704, "percentage" : -nan }
])");
  ASSERT_TRUE(times.ok()) << times.error().ToString();
  EXPECT_EQ(times->runs, 12);
  ASSERT_EQ(times->layers.size(), 2u);
  EXPECT_EQ(times->layers[0].name, "QuantizeLinear_2");
  EXPECT_DOUBLE_EQ(times->layers[0].mean_us, 95.232);
  EXPECT_DOUBLE_EQ(times->layers[0].median_us, 95.2);
  EXPECT_EQ(times->layers[1].name, "conv1.weight + QuantizeLinear_7 + Conv_9 + MaxPool_12");
}

TEST(ParseLayerTimes, RefusesWhatIsNoSuchFile) {
  for (const char* text : {"", "[]", "[{}]", "[{\"count\":0}]", "[{\"count\":1},{}]",
                           "[{\"count\":1},{\"name\":\"a\"}]",
                           R"([{"count":1},{"name":"a","averageMs":-1,"medianMs":1}])",
                           R"([{"count":1},{"name":3,"averageMs":1,"medianMs":1}])",
                           // The name a"b, as trtexec writes it.
                           R"([{"count":1},{"name":"a"b","averageMs":1,"medianMs":1}])"})
    EXPECT_FALSE(ParseLayerTimes(text).ok()) << text;
}

// exportJSONOutput of sampleReporting.cpp; values of float16 and float32 come through operator<<.
constexpr std::string_view kOutputs = R"([
  { "name" : "scores"
  , "dimensions" : "1x4"
  , "values" : [ 0.5, -1e-07, inf, -nan ]
  }
, { "name" : "class"
  , "dimensions" : "2"
  , "values" : [ 3, -9 ]
  }
, { "name" : "scale"
  , "dimensions" : ""
  , "values" : [ 0.333252 ]
  }
]
)";

TEST(ParseOutputs, MakesTensors) {
  const auto outputs =
      ParseOutputs(kOutputs, {{"class", ir::DataType::kInt32}, {"scale", ir::DataType::kFloat16}});
  ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 3u);
  EXPECT_EQ((*outputs)[0].name, "scores");
  EXPECT_EQ((*outputs)[0].dims(), (ir::Dims{1, 4}));
  const auto scores = (*outputs)[0].as<float>();
  EXPECT_EQ(scores[0], 0.5f);
  EXPECT_EQ(scores[1], -1e-7f);
  EXPECT_TRUE(std::isinf(scores[2]));
  EXPECT_TRUE(std::isnan(scores[3]));
  EXPECT_EQ((*outputs)[1].as<int32_t>()[1], -9);
  EXPECT_EQ((*outputs)[2].dims(), ir::Dims{});
  // 0x3555 is 0.333251953125 (IEEE 754 binary16).
  EXPECT_EQ((*outputs)[2].as<uint16_t>()[0], 0x3555);
}

TEST(ParseOutputs, RefusesValuesThatTheTypeDoesNotHold) {
  const auto parse = [](const char* value, ir::DataType type) {
    return ParseOutputs(std::string(R"([{"name":"y","dimensions":"1","values":[)") + value + "]}]",
                        {{"y", type}});
  };
  EXPECT_TRUE(parse("127", ir::DataType::kInt8).ok());
  EXPECT_TRUE(parse("-128", ir::DataType::kInt8).ok());
  for (const char* value : {"128", "-129", "0.5", "nan", "true", "null", "\"7\""})
    EXPECT_FALSE(parse(value, ir::DataType::kInt8).ok()) << value;
  EXPECT_FALSE(parse("1e30", ir::DataType::kInt64).ok());
  EXPECT_FALSE(parse("2", ir::DataType::kBool).ok());
  EXPECT_EQ(parse("1", ir::DataType::kUint8).error().code, ErrorCode::kUnsupported);
}

TEST(ParseOutputs, RefusesShapesThatDoNotFit) {
  for (const char* text :
       {"", "[]", "[3]", R"([{"name":"y","dimensions":"2","values":[1]}])",
        R"([{"name":"y","dimensions":"-1","values":[1]}])",
        R"([{"name":"y","dimensions":"1x","values":[1]}])",
        R"([{"name":"y","dimensions":"x1","values":[1]}])",
        R"([{"name":"y","dimensions":"9223372036854775807x4","values":[1]}])",
        R"([{"name":"y","dimensions":"99999999999999999999","values":[1]}])",
        R"([{"dimensions":"1","values":[1]}])", R"([{"name":"y","dimensions":"1","values":1}])"}) {
    const auto outputs = ParseOutputs(text);
    ASSERT_FALSE(outputs.ok()) << text;
    EXPECT_EQ(outputs.error().code, ErrorCode::kBadInput) << text;
  }
}

TEST(ParseOutputs, SurvivesEveryCut) {
  // Of the whole text only the last bracket and newline are not needed to see that it is cut.
  for (size_t size = 0; size + 2 < kOutputs.size(); ++size)
    EXPECT_FALSE(ParseOutputs(kOutputs.substr(0, size)).ok()) << size;
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
