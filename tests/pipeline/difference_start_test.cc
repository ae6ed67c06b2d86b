#include "pipeline/difference_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"
#include "pipeline/inner_values.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using ::testing::HasSubstr;

constexpr double kTolerance = 1e-3;

// What the file is, in ONNX Runtime. Of x = [-1, 2, -3, 4] it makes by hand: positive = [1, 2, 3,
// 4], doubled = [2, 4, 6, 8], sum = [3, 6, 9, 12].
ir::Model File() {
  return formats::ParseText(
             "<ir_version: 8, opset_import: [\"\" : 17]>\n"
             "g (float[1,4] x) => (float[1,4] sum) <float two = {2}> {\n"
             "positive = Abs(x)\n doubled = Mul(positive, two)\n sum = Add(doubled, positive) }")
      .value();
}

FileValues ValuesOf(const ir::Model& model, Tensor input) {
  input.name = "x";
  return [model, input](const TakeFileValue& take) -> Status {
    EDGEOPT_TRY(const auto values, InnerValuesOf(model));
    std::vector<std::string> names;
    for (const InnerValue& value : values) names.push_back(value.name);
    EDGEOPT_TRY(const auto outputs, testing::RunModel(WithOutputs(model, names), {input}));
    for (size_t i = 0; i < outputs.size(); ++i) {
      FileValue value{values[i].made_by, outputs[i]};
      value.tensor.name = names[i];
      take(value);
    }
    return OkStatus();
  };
}

FileValues ValuesOfFile() { return ValuesOf(File(), Tensor::Of<float>({1, 4}, {-1, 2, -3, 4})); }

frameworks::InsideValue Made(std::string name, std::vector<size_t> made_of, Tensor tensor) {
  tensor.name = std::move(name);
  return {"Layer", std::move(made_of), std::move(tensor)};
}
frameworks::InsideValue Made(std::string name, std::vector<size_t> made_of,
                             const std::vector<float>& elements) {
  return Made(std::move(name), std::move(made_of), Tensor::Of<float>({1, 4}, elements));
}

std::string NameOf(const std::optional<DifferenceStart::Place>& place) {
  return place ? place->name : "none";
}

DifferenceStart Find(const frameworks::InsideValues& framework,
                     const FileValues& file = ValuesOfFile()) {
  const auto start = FindDifferenceStart(framework, file, kTolerance);
  EXPECT_TRUE(start.ok()) << start.error().ToString();
  return start.ok() ? *start : DifferenceStart{};
}

TEST(DifferenceStart, IsTheFirstValueThatTheFileHasNot) {
  const DifferenceStart start =
      Find({{Made("abs", {}, {1, 2, 3, 4}), Made("scale", {0}, {2, 4, 6, 9}),
             Made("add", {0, 1}, {3, 6, 9, 13})}});
  EXPECT_EQ(NameOf(start.agrees_up_to), "abs");
  EXPECT_EQ(NameOf(start.differs_from), "scale");
  ASSERT_TRUE(start.closest);
  EXPECT_EQ(start.closest->name, "doubled");
  EXPECT_EQ(start.closest->made_by, "Mul");
  EXPECT_EQ(start.closest->max_abs_error, 1);
  EXPECT_EQ(start.closest->range, 9);
  EXPECT_EQ(start.found, 1u);
  EXPECT_THAT(start.ToString(), HasSubstr("agrees up to 'abs' (Layer) and differs from 'scale' "
                                          "(Layer) on, by 1 of a range of 9 if"));
  EXPECT_EQ(ToJson(start)["differs_from"]["name"], "scale");
}

TEST(DifferenceStart, DifferencesWithinTheToleranceAreNone) {
  const auto scaled = [](float error) {
    return frameworks::InsideValues{
        {Made("abs", {}, {1, 2, 3, 4}), Made("scale", {0}, {2, 4, 6, 8 + error})}};
  };
  EXPECT_EQ(NameOf(Find(scaled(0.0079F)).differs_from), "none");
  EXPECT_EQ(NameOf(Find(scaled(0.0081F)).differs_from), "scale");
}

// Exporters fold layers into one operator: what is between is in the file no more.
TEST(DifferenceStart, WhatIsFoldedIsNoDifference) {
  const DifferenceStart start =
      Find({{Made("abs", {}, {1, 2, 3, 4}), Made("conv", {0}, {5, -1, 0, 7}),
             Made("norm", {1}, {2, 4, 6, 8}), Made("add", {0, 2}, {3, 6, 9, 13})}});
  EXPECT_EQ(NameOf(start.agrees_up_to), "norm");
  EXPECT_EQ(NameOf(start.differs_from), "add");
}

// What runs behind it in another branch is there, though it is not made of it.
TEST(DifferenceStart, ABranchThatAgreesHidesNothing) {
  const DifferenceStart start =
      Find({{Made("abs", {}, {1, 2, 3, 4}), Made("left", {0}, {5, -1, 0, 7}),
             Made("right", {0}, {2, 4, 6, 8}), Made("join", {1, 2}, {7, 3, 6, 15})}});
  EXPECT_EQ(NameOf(start.agrees_up_to), "abs");
  EXPECT_EQ(NameOf(start.differs_from), "left");
  EXPECT_FALSE(start.closest);
}

TEST(DifferenceStart, TheFirstLayerOfAll) {
  const DifferenceStart start =
      Find({{Made("abs", {}, {1, 2, 3, 5}), Made("add", {0}, {3, 6, 9, 15})}});
  EXPECT_FALSE(start.agrees_up_to);
  EXPECT_EQ(NameOf(start.differs_from), "abs");
  EXPECT_THAT(start.ToString(), HasSubstr("inside, it differs from 'abs' (Layer) on"));
  EXPECT_TRUE(ToJson(start)["agrees_up_to"].is_null());
}

TEST(DifferenceStart, NothingDiffersInside) {
  const DifferenceStart start = Find({{Made("abs", {}, {1, 2, 3, 4})}});
  EXPECT_EQ(NameOf(start.agrees_up_to), "abs");
  EXPECT_FALSE(start.differs_from);
  EXPECT_THAT(start.ToString(), HasSubstr("what can be compared agrees"));
}

// [1, 3, 1, 2] in the file, channels last in the framework: element (h 0, w 1, c 2) is the file's
// (c 2, h 0, w 1).
TEST(DifferenceStart, ChannelsMayBeLast) {
  const ir::Model model = formats::ParseText(
                              "<ir_version: 8, opset_import: [\"\" : 17]>\n"
                              "g (float[1,3,1,2] x) => (float[1,3,1,2] y) { y = Neg(x) }")
                              .value();
  const FileValues file = ValuesOf(model, Tensor::Of<float>({1, 3, 1, 2}, {1, 2, 3, 4, 5, 6}));
  const auto start_of = [&](const std::vector<float>& elements) {
    return Find({{Made("neg", {}, Tensor::Of<float>({1, 1, 2, 3}, elements))}}, file);
  };
  EXPECT_EQ(start_of({-1, -3, -5, -2, -4, -6}).found, 1u);
  EXPECT_EQ(NameOf(start_of({-1, -3, -5, -2, -4, -7}).differs_from), "neg");
}

TEST(DifferenceStart, OtherFloatsAndNoNumbersAreCompared) {
  const Tensor doubles = Tensor::Of<double>({4}, {1, 2, 3, 4});
  EXPECT_EQ(Find({{Made("abs", {}, doubles)}}).found, 1u);
  const FileValues file = ValuesOf(File(), Tensor::Of<float>({1, 4}, {-1, NAN, -INFINITY, 4}));
  EXPECT_EQ(Find({{Made("abs", {}, {1, NAN, INFINITY, 4})}}, file).found, 1u);
  EXPECT_EQ(NameOf(Find({{Made("abs", {}, {1, NAN, 3, 4})}}, file).differs_from), "abs");
}

// Zeros are anywhere; a value of a size of its own was folded away.
TEST(DifferenceStart, WhatTellsNothingIsNotJudged) {
  const DifferenceStart start =
      Find({{Made("zeros", {}, {0, 0, 0, 0}), Made("size", {0}, Tensor::Of<float>({2}, {1, 2})),
             Made("abs", {1}, {1, 2, 3, 4}), Made("ones", {2}, {1, 1, 1, 1})}});
  EXPECT_EQ(start.found, 1u);
  EXPECT_FALSE(start.differs_from);
  const auto nothing =
      FindDifferenceStart({{Made("zeros", {}, {0, 0, 0, 0})}}, ValuesOfFile(), kTolerance);
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().code, ErrorCode::kUnsupported);
}

// Where values were left out, what a missing one is folded into may be among them.
TEST(DifferenceStart, TheEndOfWhatWasLeftOutIsNotJudged) {
  frameworks::InsideValues framework{{Made("abs", {}, {1, 2, 3, 4})}, false};
  for (size_t i = 0; i < 8; ++i)
    framework.values.push_back(Made("layer" + std::to_string(i), {i}, {5, -1, 0, 7}));
  EXPECT_FALSE(Find(framework).differs_from);
  EXPECT_THAT(Find(framework).ToString(), HasSubstr("only the first 9 values"));
  framework.values.push_back(Made("layer8", {8}, {5, -1, 0, 7}));
  EXPECT_EQ(NameOf(Find(framework).differs_from), "layer0");
}

TEST(DifferenceStart, TheFilesErrorIsTold) {
  const FileValues broken = [](const TakeFileValue&) -> Status { return Unavailable("no agent"); };
  const auto start = FindDifferenceStart({{Made("abs", {}, {1, 2, 3, 4})}}, broken, kTolerance);
  ASSERT_FALSE(start.ok());
  EXPECT_EQ(start.error().message, "no agent");
}

}  // namespace
}  // namespace edgeopt::pipeline
