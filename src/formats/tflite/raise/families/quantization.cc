// QUANTIZE, DEQUANTIZE, DENSIFY and FAKE_QUANT. In and Out convert between integers and numbers, so
// that there is nothing left to do but to name constants.
#include <cmath>

#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;

Status Quantize(OperatorRaising& op) {
  if (!IsQuantized(op.out()))
    return op.Unsupported("an output of " + TypeName(op.out().type) + " without a scale");
  return op.Out(op.In(0));
}

// Stored in less than float32: the numbers are the same.
Status Dequantize(OperatorRaising& op) {
  const DataType stored = DataTypeOf(op.in(0).type);
  const auto constant = op.ConstantIn(0);
  if (stored == DataType::kFloat16 || stored == DataType::kBfloat16) {
    if (!constant) return op.OutCast(op.In(0));
    EDGEOPT_TRY(const auto values, constant->ToFloats());
    return op.OutConstant(ir::Tensor::Of(constant->dims(), values));
  }
  if (!IsQuantized(op.in(0)))
    return op.Unsupported("an input of " + TypeName(op.in(0).type) + " without a scale");
  return constant ? op.OutSame(0) : op.Out(op.In(0));
}

// A sparse constant has its zeros already.
Status Densify(OperatorRaising& op) {
  if (!op.ConstantIn(0)) return op.Unsupported("a sparse tensor that is no constant");
  return op.OutSame(0);
}

// Clamp to [min, max] moved so that 0 is on the grid, then round to it (TensorFlow's
// FakeQuantWithMinMaxArgs).
Status FakeQuant(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::FakeQuantOptionsT>());
  if (options.num_bits < 2 || options.num_bits > 16 || !(options.min <= 0) || !(options.max >= 0) ||
      !(options.min < options.max))
    return BadInput("it has " + std::to_string(options.num_bits) + " bits and the range " +
                    std::to_string(options.min) + " to " + std::to_string(options.max));
  const float lowest = options.narrow_range ? 1 : 0;
  const auto highest = static_cast<float>((1 << options.num_bits) - 1);
  const float scale = (options.max - options.min) / (highest - lowest);
  const float zero =
      std::round(std::fmin(std::fmax(lowest - options.min / scale, lowest), highest));
  const float low = (lowest - zero) * scale, high = (highest - zero) * scale;
  const ValueId above =
      op.Node("Sub", {op.Clip(op.In(0), low, high, DataType::kFloat32), op.Scalar(low)});
  // Rounded half up, as LiteRT does.
  const ValueId steps = op.Node(
      "Floor", {op.Node("Add", {op.Node("Div", {above, op.Scalar(scale)}), op.Scalar(0.5)})});
  return op.Out(op.Node("Add", {op.Node("Mul", {steps, op.Scalar(scale)}), op.Scalar(low)}));
}

constexpr Rule kRules[] = {
    {.op = Op::DENSIFY, .raise = Densify},
    {.op = Op::DEQUANTIZE, .raise = Dequantize},
    {.op = Op::FAKE_QUANT, .raise = FakeQuant},
    {.op = Op::QUANTIZE, .raise = Quantize},
};

}  // namespace

Family quantization() { return {"quantization", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
