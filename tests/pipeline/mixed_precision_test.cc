#include "pipeline/mixed_precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/sample_record.h"

namespace edgeopt::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A model whose layers add noise of these powers to an output of power 1. "add" needs a neighbour.
class NoisyModel {
 public:
  explicit NoisyModel(std::map<std::string, double> noise) : noise_(std::move(noise)) {}

  std::vector<MixedLayer> Layers() const {
    std::vector<MixedLayer> layers;
    for (const auto& [name, power] : noise_) layers.push_back({name, "Conv", {}});
    return layers;
  }
  MixedScore Score() {
    return [this](const std::vector<std::string>& excluded) -> Result<std::optional<double>> {
      ++calls;
      double sum = 0;
      bool any = false;
      for (const auto& [name, power] : noise_) {
        if (std::ranges::count(excluded, name) > 0) continue;
        sum += power;
        any = any || name != "add";
      }
      if (!any) return std::optional<double>();
      return std::optional<double>(-10 * std::log10(sum));
    };
  }
  std::atomic<int> calls{0};

 private:
  std::map<std::string, double> noise_;
};

std::vector<std::string> NamesOf(const MixedChoice& choice) {
  std::vector<std::string> names;
  for (const MixedLayer& layer : choice.layers) names.push_back(layer.name);
  return names;
}

TEST(ChooseMixed, LeavesOutTheFewestOfTheWorst) {
  // 0.1111 of noise in all: 9.5 dB. Without "c" it is 0.0111 (19.5 dB), without "a" too 0.0011.
  NoisyModel model({{"a", 0.01}, {"b", 0.0001}, {"c", 0.1}, {"d", 0.001}});
  for (const auto& [target, excluded] :
       {std::pair<double, size_t>{15, 1}, {19.5, 1}, {19.6, 2}, {29, 2}, {30, 3}, {39.9, 3}}) {
    const auto choice =
        ChooseMixed(model.Layers(), target, model.Score(), model.Score(), /*workers=*/2);
    ASSERT_TRUE(choice.ok()) << choice.error().ToString();
    EXPECT_THAT(NamesOf(*choice), ElementsAre("c", "a", "d", "b"));
    EXPECT_EQ(choice->excluded, excluded) << target;
    EXPECT_GE(choice->sqnr_db, target);
    EXPECT_EQ(choice->names().size(), excluded);
    EXPECT_NEAR(*choice->layers[0].alone_db, 10, 1e-9);
  }
}

TEST(ChooseMixed, AsksALittleMoreThanOncePerLayer) {
  std::map<std::string, double> noise;
  for (int i = 0; i < 64; ++i) noise["layer" + std::to_string(i)] = std::pow(0.5, i);
  NoisyModel model(noise);
  ASSERT_TRUE(ChooseMixed(model.Layers(), 20, model.Score(), model.Score(), 1).ok());
  EXPECT_LE(model.calls, 64 + 1 + 6);
}

TEST(ChooseMixed, WhatIsInt8OnlyBesideOthersComesLast) {
  NoisyModel model({{"add", 0.5}, {"a", 0.01}, {"b", 0.001}});
  const auto choice = ChooseMixed(model.Layers(), 3.1, model.Score(), model.Score(), 2);
  // "add" stays, so that its noise does: 3.0 dB without "a".
  ASSERT_FALSE(choice.ok());
  EXPECT_EQ(choice.error().code, ErrorCode::kUnsupported);
  const auto lower = ChooseMixed(model.Layers(), 2.9, model.Score(), model.Score(), 2);
  ASSERT_TRUE(lower.ok()) << lower.error().ToString();
  EXPECT_THAT(NamesOf(*lower), ElementsAre("a", "b", "add"));
  EXPECT_EQ(lower->layers[2].alone_db, std::nullopt);
  const nlohmann::json document = lower->ToJson(2.9);
  EXPECT_EQ(document["target_sqnr_db"], 2.9);
  EXPECT_EQ(document["layers"][0]["excluded"], true);
  EXPECT_EQ(document["layers"][2]["excluded"], false);
  EXPECT_TRUE(document["layers"][2]["alone_sqnr_db"].is_null());
  EXPECT_EQ(document["probes"].size(), 1u);
}

TEST(ChooseMixed, SaysWhyThereIsNothingToChoose) {
  NoisyModel one({{"a", 0.1}, {"add", 0.1}});
  EXPECT_EQ(ChooseMixed(one.Layers(), 3, one.Score(), one.Score(), 1).error().code,
            ErrorCode::kUnsupported);
  NoisyModel two({{"a", 0.1}, {"b", 0.01}});
  const auto far = ChooseMixed(two.Layers(), 40, two.Score(), two.Score(), 1);
  EXPECT_EQ(far.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(far.error().message, HasSubstr("'b' alone"));
  const MixedScore broken = [](const auto&) -> Result<std::optional<double>> {
    return Interrupted();
  };
  EXPECT_EQ(ChooseMixed(two.Layers(), 3, broken, broken, 1).error().code, Interrupted().code);
}

// The step lost 10 % where 1 % is allowed.
class MixedTargetTest : public ::testing::Test {
 protected:
  MixedTargetTest() {
    record_.tolerance_ratio = 0.01;
    report::Step& step = record_.steps[2];
    step.decision = report::Decision::kViolated;
    step.accuracy->value = 0.81;
    step.details = {{"fidelity", {{"outputs", {{{"name", "y"}, {"sqnr_db", 12.0}}}}}}};
  }
  std::optional<double> Target() const { return MixedTarget(record_, record_.steps[2]); }
  report::Record record_ = report::SampleRecord();
};

TEST_F(MixedTargetTest, NoiseShrinksAsTheLossHasTo) {
  // A tenth of the amplitude is 20 dB, the most that is aimed at.
  EXPECT_NEAR(Target().value(), 32, 1e-9);
  // Half of it is 6 dB, and 1 dB on top.
  record_.tolerance_ratio = 0.05;
  EXPECT_NEAR(Target().value(), 12 + 20 * std::log10(2) + 1, 1e-9);
  record_.tolerance_ratio = 0;
  EXPECT_NEAR(Target().value(), 32, 1e-9);
}

TEST_F(MixedTargetTest, IsTheMeanOfTheOutputs) {
  record_.steps[2].details["fidelity"]["outputs"] = {{{"name", "y"}, {"sqnr_db", 12.0}},
                                                     {{"name", "same"}, {"sqnr_db", nullptr}}};
  EXPECT_NEAR(Target().value(), 106 + 20, 1e-9);
}

TEST_F(MixedTargetTest, IsNotKnownWithoutFigures) {
  report::Step& step = record_.steps[2];
  const nlohmann::json details = step.details;
  step.details = {{"nodes", nlohmann::json::array()}};
  EXPECT_FALSE(Target().has_value());
  step.details = nullptr;
  EXPECT_FALSE(Target().has_value());
  step.details = details;
  step.accuracy.reset();
  EXPECT_FALSE(Target().has_value());
  step.accuracy = report::Accuracy{};
  step.accuracy->value = 0.9;  // nothing was lost
  EXPECT_FALSE(Target().has_value());
}

}  // namespace
}  // namespace edgeopt::pipeline
