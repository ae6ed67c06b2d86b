#include "passes/quantize/rules.h"

namespace edgeopt::passes::quantize {
namespace {

using enum Role;
using enum DataInputs;

// Source: onnxruntime core/optimizer/qdq_transformer/selectors_actions (1.31): the patterns that
// become one integer kernel. Operators without a row (LayerNormalization, Gelu, HardSwish, Softmax,
// ConvTranspose, Sub, Div ...) have none, or lose more accuracy than they gain (Softmax), and stay
// float.
constexpr OpRule kOnnxRuntimeRules[] = {
    {"Conv", kWeighted, kFirst, 1, false, 1, 2},
    {"Gemm", kWeighted, kFirst, 7, true, 1, 2},
    {"MatMul", kWeighted, kFirst, 1, true, 1, -1},
    {"Add", kFree, kFirstTwo, 7, false},
    {"Mul", kFree, kFirstTwo, 7, false},
    {"AveragePool", kFree, kFirst, 1, false},
    {"GlobalAveragePool", kFree, kFirst, 1, false},
    {"LeakyRelu", kFree, kFirst, 1, false},
    {"Sigmoid", kFree, kFirst, 1, false},
    {"Concat", kFree, kAll, 4, false},
    {"Where", kFree, kAllButFirst, 9, false},
    {"MaxPool", kSameScale, kFirst, 12, false},
    {"ReduceMax", kSameScale, kFirst, 12, false},
    {"ReduceMin", kSameScale, kFirst, 12, false},
    {"Resize", kSameScale, kFirst, 11, false},
    {"Split", kSameScale, kFirst, 1, false},
    {"Expand", kSameScale, kFirst, 8, false},
    {"Flatten", kSameScale, kFirst, 1, false},
    {"Gather", kSameScale, kFirst, 1, false},
    {"Reshape", kSameScale, kFirst, 5, false},
    {"Slice", kSameScale, kFirst, 1, false},
    {"Squeeze", kSameScale, kFirst, 1, false},
    {"Tile", kSameScale, kFirst, 6, false},
    {"Transpose", kSameScale, kFirst, 1, false},
    {"Unsqueeze", kSameScale, kFirst, 1, false},
};

// Source: TensorFlow Lite's 8-bit quantization specification, and operator_property.cc of its
// quantizer. Scale 1/256 from 0 and 1/128 around 0 are the outputs that its kernels ask for.
constexpr float kSigmoidHigh = 255.0f / 256, kTanhHigh = 127.0f / 128;
constexpr OpRule kLiteRtRules[] = {
    {"Conv", kWeighted, kFirst, 1, false, 1, 2},
    {"ConvTranspose", kWeighted, kFirst, 1, false, 1, 2},
    {"Gemm", kWeighted, kFirst, 7, false, 1, 2},
    {"MatMul", kWeighted, kFirst, 1, false, 1, -1},
    {"Add", kFree, kFirstTwo, 7, false},
    {"Mul", kFree, kFirstTwo, 7, false},
    {"Sub", kFree, kFirstTwo, 7, false},
    {"Concat", kFree, kAll, 4, false},
    {"GlobalAveragePool", kFree, kFirst, 1, false},
    {"LeakyRelu", kFree, kFirst, 1, false},
    {"ReduceMean", kFree, kFirst, 1, false},
    {"Sigmoid", kFree, kFirst, 1, false, -1, -1, 0, kSigmoidHigh},
    {"Softmax", kFree, kFirst, 13, false, -1, -1, 0, kSigmoidHigh},
    {"Tanh", kFree, kFirst, 1, false, -1, -1, -1, kTanhHigh},
    {"AveragePool", kSameScale, kFirst, 1, false},
    {"DepthToSpace", kSameScale, kFirst, 1, false},
    {"Expand", kSameScale, kFirst, 8, false},
    {"Flatten", kSameScale, kFirst, 1, false},
    {"Gather", kSameScale, kFirst, 1, false},
    {"GlobalMaxPool", kSameScale, kFirst, 1, false},
    {"MaxPool", kSameScale, kFirst, 1, false},
    {"Pad", kSameScale, kFirst, 1, false},
    {"ReduceMax", kSameScale, kFirst, 1, false},
    {"ReduceMin", kSameScale, kFirst, 1, false},
    {"Reshape", kSameScale, kFirst, 5, false},
    {"Resize", kSameScale, kFirst, 11, false},
    {"Slice", kSameScale, kFirst, 1, false},
    {"SpaceToDepth", kSameScale, kFirst, 1, false},
    {"Split", kSameScale, kFirst, 1, false},
    {"Squeeze", kSameScale, kFirst, 1, false},
    {"Tile", kSameScale, kFirst, 6, false},
    {"Transpose", kSameScale, kFirst, 1, false},
    {"Unsqueeze", kSameScale, kFirst, 1, false},
};

// Source: the kernels of LiteRT 2.1.4 that take int16 activations beside int8 weights, and
// operator_property.cc. DEPTH_TO_SPACE and SPACE_TO_DEPTH are left out there, and refuse int16 in
// older runtimes. 2^-15 is the scale that LOGISTIC, SOFTMAX and TANH ask for.
constexpr float kInt16High = 32767.0f / 32768;
constexpr OpRule kLiteRtInt16Rules[] = {
    {"Conv", kWeighted, kFirst, 1, false, 1, 2, 0, 0, true},
    {"ConvTranspose", kWeighted, kFirst, 1, false, 1, 2, 0, 0, true},
    {"Gemm", kWeighted, kFirst, 7, false, 1, 2, 0, 0, true},
    {"MatMul", kWeighted, kFirst, 1, false, 1, -1},
    {"Add", kFree, kFirstTwo, 7, false, -1, -1, 0, 0, true},
    {"Mul", kFree, kFirstTwo, 7, false, -1, -1, 0, 0, true},
    {"Sub", kFree, kFirstTwo, 7, false, -1, -1, 0, 0, true},
    {"Concat", kFree, kAll, 4, false},
    {"GlobalAveragePool", kFree, kFirst, 1, false},
    {"LeakyRelu", kFree, kFirst, 1, false},
    {"ReduceMean", kFree, kFirst, 1, false},
    {"Relu", kFree, kFirst, 1, false},
    {"Sigmoid", kFree, kFirst, 1, false, -1, -1, 0, kInt16High},
    {"Softmax", kFree, kFirst, 13, false, -1, -1, 0, kInt16High},
    {"Tanh", kFree, kFirst, 1, false, -1, -1, -kInt16High, kInt16High},
    {"AveragePool", kSameScale, kFirst, 1, false},
    {"Expand", kSameScale, kFirst, 8, false},
    {"Flatten", kSameScale, kFirst, 1, false},
    {"Gather", kSameScale, kFirst, 1, false},
    {"GlobalMaxPool", kSameScale, kFirst, 1, false},
    {"MaxPool", kSameScale, kFirst, 1, false},
    {"Pad", kSameScale, kFirst, 1, false},
    {"ReduceMax", kSameScale, kFirst, 1, false},
    {"ReduceMin", kSameScale, kFirst, 1, false},
    {"Reshape", kSameScale, kFirst, 5, false},
    {"Resize", kSameScale, kFirst, 11, false},
    {"Slice", kSameScale, kFirst, 1, false},
    {"Split", kSameScale, kFirst, 1, false},
    {"Squeeze", kSameScale, kFirst, 1, false},
    {"Tile", kSameScale, kFirst, 6, false},
    {"Transpose", kSameScale, kFirst, 1, false},
    {"Unsqueeze", kSameScale, kFirst, 1, false},
};

// Source: "Explicit Quantization" of TensorRT's documentation (Q/DQ on all inputs of weighted
// operators, none on their outputs, nothing between a convolution and the BatchNorm and Relu behind
// it, on the skip input of a residual Add alone) and modelopt/onnx/quantization of NVIDIA's
// Model-Optimizer. MaxPool, Reshape, Transpose and Concat have no rows: Q and DQ commute with them,
// and so do they with one scale for all inputs. LayerNormalization, Softmax and the rest stay
// float.
constexpr OpRule kTensorRtRules[] = {
    {"Conv", kWeighted, kFirst, 1, true, 1, 2},
    {"ConvTranspose", kWeighted, kFirst, 1, true, 1, 2},
    {"Gemm", kWeighted, kFirst, 7, true, 1, 2},
    {"MatMul", kWeighted, kFirst, 1, true, 1, -1},
    {"Add", kResidual, kFirstTwo, 7, true},
    {"AveragePool", kFree, kFirst, 1, true},
    {"GlobalAveragePool", kFree, kFirst, 1, true},
};

constexpr RuleSet kRuleSets[] = {
    {"onnxruntime-x64", "ONNX Runtime on x86-64: uint8 activations, int8 weights per channel",
     ir::DataType::kUint8, ir::DataType::kInt8, kOnnxRuntimeRules},
    {"onnxruntime-arm64", "ONNX Runtime on arm64: int8 activations, int8 weights per channel",
     ir::DataType::kInt8, ir::DataType::kInt8, kOnnxRuntimeRules},
    {"litert", "LiteRT, for TFLite files: int8 activations, int8 weights per channel",
     ir::DataType::kInt8, ir::DataType::kInt8, kLiteRtRules, true},
    {"litert-int16x8", "LiteRT, for TFLite files: int16 activations, int8 weights per channel",
     ir::DataType::kInt16, ir::DataType::kInt8, kLiteRtInt16Rules, true, true},
    {"tensorrt", "TensorRT 8.6 to 11: symmetric int8 activations, int8 weights per channel",
     ir::DataType::kInt8, ir::DataType::kInt8, kTensorRtRules, true, true, true, true},
};

}  // namespace

std::span<const RuleSet> RuleSets() { return kRuleSets; }

const RuleSet* FindRuleSet(std::string_view name) {
  for (const RuleSet& rules : kRuleSets)
    if (rules.name == name) return &rules;
  return nullptr;
}

const OpRule* FindRule(const RuleSet& rules, const ir::Node& node) {
  for (const OpRule& rule : rules.rules)
    if (node.Is(rule.op_type)) return &rule;
  return nullptr;
}

std::string_view IntegersOf(const RuleSet& rules) {
  return rules.activation_type == ir::DataType::kInt16 ? "int16" : "int8";
}

int64_t OldestOpset(const RuleSet& rules) {
  return rules.activation_type == ir::DataType::kInt16 ? 21 : 13;
}

std::vector<size_t> DataInputSlots(const OpRule& rule, const ir::Node& node) {
  const size_t count = node.inputs.size();
  size_t first = 0, last = count;
  switch (rule.data_inputs) {
    case kFirst:
      last = 1;
      break;
    case kFirstTwo:
      last = 2;
      break;
    case kAll:
      break;
    case kAllButFirst:
      first = 1;
      break;
  }
  std::vector<size_t> slots;
  for (size_t slot = first; slot < std::min(last, count); ++slot)
    if (node.inputs[slot].valid()) slots.push_back(slot);
  return slots;
}

int64_t WeightChannelAxis(const ir::Node& node, int64_t weight_rank) {
  if (node.Is("MatMul")) return weight_rank - 1;
  if (node.Is("ConvTranspose")) return 1;
  if (node.Is("Gemm")) return node.IntOr("transB", 0) != 0 ? 0 : 1;
  return 0;
}

}  // namespace edgeopt::passes::quantize
