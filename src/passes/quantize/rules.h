// Where a runtime wants Q and DQ, as tables. One set of observed ranges serves every runtime; what
// differs is the types and the operators that have an int8 kernel. Facts:
// docs/formats/quantization.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace edgeopt::passes::quantize {

enum class Role {
  kWeighted,   // the multiply-add operators: quantized whenever they can be; int8 weights
  kFree,       // has an int8 kernel with an own output scale; worth it only between int8 neighbours
  kSameScale,  // moves values only: input and output share scale and zero point
  kResidual,   // an Add that the convolution before it takes along: its other input is quantized
};

// Which inputs carry activations; the others (shapes, axes, weights, bias) are left alone.
enum class DataInputs { kFirst, kFirstTwo, kAll, kAllButFirst };

struct OpRule {
  std::string_view op_type;  // ai.onnx
  Role role;
  DataInputs data_inputs;
  int64_t min_opset;          // below it the operator has no 8-bit form in the runtime
  bool float_output;          // may leave its output in float (MatMulIntegerToFloat, QGemm)
  int32_t weight_input = -1;  // kWeighted: the constant operand
  int32_t bias_input = -1;    // kWeighted: becomes int32 with scale s_in * s_w
  // low < high: the output's range whatever was observed (a runtime's fixed scales).
  float fixed_low = 0, fixed_high = 0;
  // Of symmetric rule sets: the runtime's operator does a Relu or Relu6 behind it itself.
  bool fuses_activation = false;
};

struct RuleSet {
  std::string_view name;  // "onnxruntime-x64"
  std::string_view summary;
  ir::DataType activation_type;  // per tensor; asymmetric unless `symmetric`
  ir::DataType weight_type;      // symmetric, per output channel
  std::span<const OpRule> rules;
  // The target is another runtime than the one that ranks and confirms: that one computes in float
  // between Q and DQ, as its own int8 kernels may saturate where the target's do not.
  bool emulated = false;
  // Activations have the zero point 0 and leave out the lowest integer. Saturation then does no
  // Relu's work: one that no operator fuses stays an operator. Biases stay float32 constants, since
  // DequantizeLinear knows no integers wide enough for their scale; the target chooses its own.
  bool symmetric = false;
  // Q and DQ stand on inputs only. What a quantized operator gives is float in the graph, so that
  // the runtime can fuse it with what follows; its optimizer moves the next reader's Q up to it.
  bool inputs_only = false;
  // Convolutions and products too small for the runtime's int8 kernels to gain stay float.
  bool large_only = false;
};

// All rule sets: onnxruntime-x64 (uint8 activations), onnxruntime-arm64 (int8 activations), litert
// (TFLite files), litert-int16x8 (TFLite files with int16 activations), tensorrt (TensorRT
// engines).
std::span<const RuleSet> RuleSets();
const RuleSet* FindRuleSet(std::string_view name);
const OpRule* FindRule(const RuleSet& rules, const ir::Node& node);
// What the set's operators compute in, for messages: "int8" (uint8 activations too) or "int16".
std::string_view IntegersOf(const RuleSet& rules);
// The oldest opset with the Q/DQ that the set needs: 13 (a scale per channel), of int16 21.
int64_t OldestOpset(const RuleSet& rules);
// The activation inputs of the node that are present.
std::vector<size_t> DataInputSlots(const OpRule& rule, const ir::Node& node);
// Axis of the output channels in the constant operand: Conv 0; ConvTranspose 1; Gemm 1, or 0 with
// transB; MatMul: the last.
int64_t WeightChannelAxis(const ir::Node& node, int64_t weight_rank);

}  // namespace edgeopt::passes::quantize
