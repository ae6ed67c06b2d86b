// Why LiteRT ran an operator with its own kernel and not in XNNPACK.
#include <algorithm>
#include <set>

#include "measure/profile.h"

namespace edgeopt::measure {
namespace {

// What LiteRT's XNNPACK delegate has a visitor for (tflite/delegates/xnnpack/xnnpack_delegate.cc,
// VisitNode, of August 2026). Each visitor has conditions of its own on options and sizes.
bool XnnpackKnows(std::string_view op) {
  static const std::set<std::string_view> kKnown = {
      "ABS",          "ADD",           "ASSIGN_VARIABLE",
      "BATCH_MATMUL", "CEIL",          "AVERAGE_POOL_2D",
      "CONV_2D",      "CONCATENATION", "DEPTHWISE_CONV_2D",
      "COS",          "DENSIFY",       "DEPTH_TO_SPACE",
      "DEQUANTIZE",   "DIV",           "ELU",
      "EXP",          "EXPAND_DIMS",   "FLOOR",
      "GELU",         "HARD_SWISH",    "FULLY_CONNECTED",
      "LEAKY_RELU",   "LOG",           "LOGISTIC",
      "MAXIMUM",      "MAX_POOL_2D",   "MEAN",
      "MINIMUM",      "MUL",           "NEG",
      "PAD",          "PRELU",         "QUANTIZE",
      "REDUCE_MAX",   "REDUCE_MIN",    "READ_VARIABLE",
      "RELU",         "RELU6",         "RELU_N1_TO_1",
      "RESHAPE",      "ROUND",         "RESIZE_BILINEAR",
      "RSQRT",        "SIN",           "SLICE",
      "SOFTMAX",      "SPLIT",         "SPACE_TO_DEPTH",
      "SQRT",         "SQUARE",        "SQUARED_DIFFERENCE",
      "SUB",          "SUM",           "STRIDED_SLICE",
      "TANH",         "TRANSPOSE",     "TRANSPOSE_CONV",
      "VAR_HANDLE"};
  return kKnown.contains(op);
}

// Empty when XNNPACK computes all of them. What is behind the first input is mostly an index.
std::string StrangeType(const NodeProfile& node) {
  std::vector<std::string> types = node.output_types;
  if (!node.input_types.empty()) types.push_back(node.input_types.front());
  for (const std::string& type : types)
    if (type != "float" && type != "float16" && type != "int8" && type != "uint8") return type;
  return {};
}

std::string ReasonOf(const NodeProfile& node) {
  if (!XnnpackKnows(node.op_type)) return "XNNPACK has no such operator";
  if (const std::string type = StrangeType(node); !type.empty())
    return "XNNPACK does not compute with " + type;
  return "XNNPACK does not take it with these options, types or sizes";
}

}  // namespace

void ExplainBuiltin(Profile& profile) {
  for (NodeProfile& node : profile.nodes)
    if (node.provider == "builtin") node.reason = ReasonOf(node);
}

}  // namespace edgeopt::measure
