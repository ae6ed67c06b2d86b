// Classical machine learning (ai.onnx.ml), text and losses: rarely on a device, never quantized.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

// A linear model: each output is a dot product over the features.
std::optional<Work> LinearCost(const Operands& operands) {
  const ir::Dims *in = operands.input(0), *out = operands.output();
  if (!in || in->empty() || !out) return std::nullopt;
  return Work{.macs = SaturatingMultiply(Elements(*out), in->back())};
}

constexpr std::string_view kMl = "ai.onnx.ml";
constexpr std::string_view kTrees = "its thresholds compare exact values";

constexpr Operator kRows[] = {
    {.type = "ArrayFeatureExtractor", .domain = kMl, .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Binarizer", .domain = kMl, .cost = PerOutput<1>},
    {.type = "CastMap", .domain = kMl},
    {.type = "CategoryMapper", .domain = kMl, .cost = PerOutput<1>},
    {.type = "DictVectorizer", .domain = kMl},
    {.type = "FeatureVectorizer", .domain = kMl, .cost = PerOutput<1>, .keeps_values = true},
    {.type = "Imputer", .domain = kMl, .cost = PerOutput<1>, .keeps_values = true},
    {.type = "LabelEncoder", .domain = kMl, .cost = PerOutput<1>},
    {.type = "LinearClassifier", .domain = kMl, .cost = LinearCost},
    {.type = "LinearRegressor", .domain = kMl, .cost = LinearCost},
    {.type = "Normalizer", .domain = kMl, .cost = PerOutput<3>},
    {.type = "OneHotEncoder", .domain = kMl, .cost = PerOutput<1>},
    {.type = "SVMClassifier", .domain = kMl, .cost = LinearCost},
    {.type = "SVMRegressor", .domain = kMl, .cost = LinearCost},
    {.type = "Scaler", .domain = kMl, .cost = PerOutput<2>},
    {.type = "TreeEnsemble", .domain = kMl, .cost = PerOutput<1>, .hard_to_quantize = kTrees},
    {.type = "TreeEnsembleClassifier",
     .domain = kMl,
     .cost = PerOutput<1>,
     .hard_to_quantize = kTrees},
    {.type = "TreeEnsembleRegressor",
     .domain = kMl,
     .cost = PerOutput<1>,
     .hard_to_quantize = kTrees},
    {.type = "ZipMap", .domain = kMl},
    {.type = "NegativeLogLikelihoodLoss", .cost = PerInput<2>},
    {.type = "RegexFullMatch"},
    {.type = "SoftmaxCrossEntropyLoss", .cost = PerInput<6>},
    {.type = "StringConcat"},
    {.type = "StringNormalizer"},
    {.type = "StringSplit"},
    {.type = "TfIdfVectorizer", .cost = PerInput<1>},
};

}  // namespace

Family classic() { return {"classic", kRows}; }

}  // namespace edgeopt::ops
