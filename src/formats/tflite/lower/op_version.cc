// Source: the versions that TensorFlow Lite's own converter writes (op_version.cc in LiteRT's
// tools/versioning, 2026), for the operators and types that edgeopt writes. Convolutions and
// FULLY_CONNECTED of int16 data have those that it means for them: it looks for int16 weights, too,
// which are int8, and so writes 1, with which an old runtime would start and then fail.
#include "formats/tflite/lower/op_version.h"

#include <algorithm>

namespace edgeopt::formats::tflite::lower {
namespace {

using Op = schema::BuiltinOperator;
using schema::TensorType;

struct Use {
  const schema::SubGraphT& graph;
  const schema::OperatorT& op;

  const schema::TensorT* Input(size_t slot) const {
    const bool given = slot < op.inputs.size() && op.inputs[slot] >= 0;
    return given ? graph.tensors[static_cast<size_t>(op.inputs[slot])].get() : nullptr;
  }
  TensorType Type(size_t slot = 0) const {
    const schema::TensorT* tensor = Input(slot);
    return tensor != nullptr ? tensor->type : TensorType::FLOAT32;
  }
  size_t Rank(size_t slot = 0) const {
    const schema::TensorT* tensor = Input(slot);
    return tensor != nullptr ? tensor->shape.size() : 0;
  }
  bool PerChannel(size_t slot) const {
    const schema::TensorT* tensor = Input(slot);
    return tensor != nullptr && tensor->quantization && tensor->quantization->scale.size() > 1;
  }
  double Scale(const schema::TensorT& tensor) const {
    const bool given = tensor.quantization && !tensor.quantization->scale.empty();
    return given ? tensor.quantization->scale.front() : 0;
  }
  const schema::TensorT& Output() const {
    return *graph.tensors[static_cast<size_t>(op.outputs.front())];
  }
  bool integer() const { return Type() == TensorType::INT8; }
  bool wide() const { return Type() == TensorType::INT16; }
  // float activations, int8 weights.
  bool hybrid() const { return Type() == TensorType::FLOAT32 && Type(1) == TensorType::INT8; }
  bool BroadcastsHigh() const {
    return op.inputs.size() == 2 && Input(0)->shape != Input(1)->shape &&
           std::max(Rank(0), Rank(1)) > 4;
  }
};

int32_t ConvVersion(const Use& use) {
  const schema::TensorT *input = use.Input(0), *filter = use.Input(1);
  if (input->shape.size() == 4 && filter->shape.size() == 4 && input->shape[3] != filter->shape[3])
    return 6;  // groups
  if (use.hybrid()) return use.PerChannel(1) ? 5 : 2;
  return use.wide() ? 4 : use.integer() ? 3 : 1;
}

int32_t DepthwiseVersion(const Use& use) {
  if (use.hybrid()) return use.PerChannel(1) ? 6 : 4;
  if (use.wide()) return 5;
  if (use.integer()) return 3;
  const auto* options = use.op.builtin_options.AsDepthwiseConv2DOptions();
  return options->dilation_h_factor != 1 || options->dilation_w_factor != 1 ? 2 : 1;
}

int32_t FullyConnectedVersion(const Use& use) {
  if (use.hybrid() && use.PerChannel(1)) return 12;
  if (use.wide()) return 7;
  if (use.op.inputs.size() == 2) return 6;
  if (use.op.builtin_options.AsFullyConnectedOptions()->keep_num_dims) return 5;
  return use.integer() ? 4 : use.hybrid() ? 3 : 1;
}

int32_t TransposeConvVersion(const Use& use) {
  const auto* options = use.op.builtin_options.AsTransposeConvOptions();
  if (options->fused_activation_function != schema::ActivationFunctionType::NONE) return 4;
  return use.Input(3) != nullptr ? 3 : use.Type(1) == TensorType::INT8 ? 2 : 1;
}

int32_t MulVersion(const Use& use) {
  if (use.Type() == TensorType::INT64) return 5;
  if (use.wide()) return 4;
  if (!use.integer()) return 1;
  const double output = use.Scale(use.Output());
  const double product = use.Scale(*use.Input(0)) * use.Scale(*use.Input(1));
  return output != 0 && product / output >= 1 ? 3 : 2;
}

int32_t DequantizeVersion(const Use& use) {
  if (use.Type() == TensorType::FLOAT16 || use.wide()) return 3;
  return use.integer() ? (use.PerChannel(0) ? 5 : 2) : 1;
}

int32_t CastVersion(const Use& use) {
  const auto either = [&](TensorType type) {
    return use.Type() == type || use.Output().type == type;
  };
  if (either(TensorType::FLOAT16) || either(TensorType::FLOAT64)) return 5;
  if (either(TensorType::UINT16)) return 4;
  return either(TensorType::INT8) ? 3 : 1;
}

template <typename Options>
int32_t ResizeVersion(const Use& use, const Options& options, bool corners_count) {
  if (use.wide()) return 4;
  if (options.half_pixel_centers || (corners_count && options.align_corners)) return 3;
  return use.integer() ? 2 : 1;
}

int32_t AbsVersion(const Use& use) {
  return use.Type() == TensorType::INT32 ? 5 : use.integer() ? 2 : 1;
}

int32_t GatherVersion(const Use& use) {
  if (use.Type() == TensorType::INT16) return 4;
  return use.Type() == TensorType::BOOL ? 3 : use.integer() ? 2 : 1;
}

int32_t TransposeVersion(const Use& use) {
  if (use.Rank() > 5) return use.Rank() > 6 ? 8 : 6;
  if (use.wide()) return 5;
  if (use.Rank() > 4) return 4;
  return use.Type() == TensorType::BOOL ? 3 : use.integer() ? 2 : 1;
}

int32_t StridedSliceVersion(const Use& use) {
  if (use.Rank() > 4) return 4;
  return use.Type() == TensorType::BOOL ? 3 : use.integer() ? 2 : 1;
}

int32_t PadVersion(const Use& use) {
  if (use.Type() == TensorType::BOOL) return 5;
  if (use.Rank() > 4) return 4;
  return use.Type() == TensorType::INT16 ? 3 : use.integer() ? 2 : 1;
}

int32_t Version(Op op, const Use& use) {
  switch (op) {
    case Op::CONV_2D:
      return ConvVersion(use);
    case Op::DEPTHWISE_CONV_2D:
      return DepthwiseVersion(use);
    case Op::FULLY_CONNECTED:
      return FullyConnectedVersion(use);
    case Op::TRANSPOSE_CONV:
      return TransposeConvVersion(use);
    case Op::MUL:
      return MulVersion(use);
    case Op::ADD:
      return use.Type() == TensorType::INT64 ? 4 : use.wide() ? 3 : use.integer() ? 2 : 1;
    case Op::SUB:
      if (use.Type() == TensorType::INT64) return 4;
      if (use.wide()) return 5;
      return use.BroadcastsHigh() ? 3 : use.integer() ? 2 : 1;
    case Op::DIV:
      return use.BroadcastsHigh() ? 2 : 1;
    case Op::MAXIMUM:
    case Op::MINIMUM:
      return use.BroadcastsHigh() ? 3 : use.integer() ? 2 : 1;
    case Op::DEQUANTIZE:
      return DequantizeVersion(use);
    case Op::QUANTIZE:
      return use.PerChannel(0) ? 3 : use.Output().type == TensorType::INT16 ? 2 : 1;
    case Op::CAST:
      return CastVersion(use);
    case Op::RESIZE_BILINEAR:
      return ResizeVersion(use, *use.op.builtin_options.AsResizeBilinearOptions(), false);
    case Op::RESIZE_NEAREST_NEIGHBOR:
      return ResizeVersion(use, *use.op.builtin_options.AsResizeNearestNeighborOptions(), true);
    case Op::ABS:
      return AbsVersion(use);
    case Op::GATHER:
      return GatherVersion(use);
    case Op::TRANSPOSE:
      return TransposeVersion(use);
    case Op::STRIDED_SLICE:
      return StridedSliceVersion(use);
    case Op::PAD:
    case Op::PADV2:
      return PadVersion(use);
    case Op::TILE:
      return use.integer() ? 3 : 1;
    case Op::LEAKY_RELU:
      return use.wide() ? 2 : 1;
    case Op::DYNAMIC_UPDATE_SLICE:
      return use.Type() == TensorType::INT16 ? 4 : 1;
    case Op::SIGN:
      return use.Type() == TensorType::INT32 ? 2 : 1;
    case Op::BROADCAST_TO:
      return use.integer() || use.Type() == TensorType::INT16 ? 3 : 2;
    case Op::AVERAGE_POOL_2D:
    case Op::MAX_POOL_2D:
    case Op::CONCATENATION:
    case Op::SOFTMAX:
    case Op::LOGISTIC:
    case Op::TANH:
    case Op::MEAN:
    case Op::MIRROR_PAD:
    case Op::REDUCE_MAX:
    case Op::REDUCE_MIN:
    case Op::RELU:
    case Op::RELU6:
    case Op::BATCH_MATMUL:
      return use.Type() == TensorType::INT16 ? 3 : use.integer() ? 2 : 1;
    case Op::ARG_MAX:
    case Op::ARG_MIN:
    case Op::SPACE_TO_DEPTH:
    case Op::DEPTH_TO_SPACE:
    case Op::SPLIT_V:
    case Op::SUM:
      return use.integer() ? 2 : 1;
    default:
      return 1;
  }
}

}  // namespace

void SetVersions(File& file) {
  for (auto& code : file.model.operator_codes) code->version = 1;
  for (const auto& graph : file.model.subgraphs)
    for (const auto& op : graph->operators) {
      schema::OperatorCodeT& code = *file.model.operator_codes[op->opcode_index];
      code.version = std::max(code.version, Version(code.builtin_code, {*graph, *op}));
    }
}

}  // namespace edgeopt::formats::tflite::lower
