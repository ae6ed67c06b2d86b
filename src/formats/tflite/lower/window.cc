#include "formats/tflite/lower/window.h"

#include <algorithm>
#include <limits>

namespace edgeopt::formats::tflite::lower {
namespace {

// So that the extent of a window fits TFLite's integers of 32 bits.
constexpr int64_t kLargest = (1 << 15) - 1;

Result<std::vector<int64_t>> ListOf(const ir::Node& node, std::string_view name, size_t size,
                                    int64_t fallback) {
  auto list = node.IntsOr(name, std::vector<int64_t>(size, fallback));
  if (list.size() != size)
    return BadInput("its attribute '" + std::string(name) + "' has " + std::to_string(list.size()) +
                    " numbers; expected " + std::to_string(size));
  return list;
}

// SAME_LOWER as explicit pads: the odd element comes first.
Status PadLower(WindowAxis& axis) {
  if (!axis.in)
    return Unsupported("auto_pad SAME_LOWER needs a known input size",
                       "fix the sizes of the model's inputs with --shape");
  const int64_t out = (*axis.in + axis.stride - 1) / axis.stride;
  const int64_t total = std::max<int64_t>((out - 1) * axis.stride + axis.extent() - *axis.in, 0);
  axis.end = total / 2;
  axis.begin = total - axis.end;
  return OkStatus();
}

enum class Form { kAny, kValid, kSame, kExplicit };

// The form of one axis, and what a PAD would have to add at its end.
Form FormOf(const WindowAxis& axis, bool ceil, int64_t& needed_end) {
  const int64_t extent = axis.extent();
  needed_end = axis.end;
  if (!axis.in || !axis.out) {
    const bool valid = axis.begin == 0 && axis.end == 0 && !ceil;
    const bool same =
        axis.stride == 1 && axis.begin + axis.end == extent - 1 && axis.begin == (extent - 1) / 2;
    if (valid && same) return Form::kAny;
    return valid ? Form::kValid : same ? Form::kSame : Form::kExplicit;
  }
  const int64_t covered = (*axis.out - 1) * axis.stride + extent;
  needed_end = std::max<int64_t>(covered - *axis.in - axis.begin, 0);
  const bool valid = axis.begin == 0 && needed_end == 0;
  const int64_t total = std::max<int64_t>(covered - *axis.in, 0);
  const bool same =
      *axis.out == (*axis.in + axis.stride - 1) / axis.stride && axis.begin == total / 2;
  if (valid && same) return Form::kAny;
  return valid ? Form::kValid : same ? Form::kSame : Form::kExplicit;
}

Result<TensorIndex> Lowest(NodeLowering& node, TensorIndex like) {
  const schema::TensorType type = node.tensor(like).type;
  if (type == schema::TensorType::INT8 || type == schema::TensorType::INT16) {
    const schema::QuantizationParametersT& given = *node.tensor(like).quantization;
    const Quantization quantization{given.scale, given.zero_point, 0};
    const ir::Tensor lowest = type == schema::TensorType::INT8
                                  ? ir::Tensor::Of<int8_t>({1}, {INT8_MIN})
                                  : ir::Tensor::Of<int16_t>({1}, {INT16_MIN});
    return node.Constant(lowest, "lowest", &quantization);
  }
  return node.Constant(ir::Tensor::Of<float>({1}, {std::numeric_limits<float>::lowest()}),
                       "lowest");
}

}  // namespace

Result<Window> WindowOf(const NodeLowering& node, std::vector<int64_t> kernel) {
  const ir::Node& of = node.node();
  const size_t spatial = kernel.size();
  if (node.InRank() != static_cast<int64_t>(spatial) + 2)
    return BadInput("its window has " + std::to_string(spatial) + " axes, its input rank " +
                    std::to_string(node.InRank()));
  EDGEOPT_TRY(const auto strides, ListOf(of, "strides", spatial, 1));
  EDGEOPT_TRY(const auto dilations, ListOf(of, "dilations", spatial, 1));
  EDGEOPT_TRY(const auto pads, ListOf(of, "pads", 2 * spatial, 0));
  const std::string auto_pad = of.StringOr("auto_pad", "NOTSET");
  Window window;
  window.ceil = of.IntOr("ceil_mode", 0) != 0;
  window.same_upper = auto_pad == "SAME_UPPER";
  for (size_t i = 0; i < spatial; ++i) {
    WindowAxis axis{kernel[i], strides[i], dilations[i]};
    for (const int64_t number : {axis.kernel, axis.stride, axis.dilation})
      if (number < 1 || number > kLargest)
        return BadInput("its window has a kernel size, stride or dilation of " +
                        std::to_string(number) + "; expected 1 to " + std::to_string(kLargest));
    const auto size = [&](const ir::Type& type) { return (*type.shape)[i + 1].value; };
    axis.in = size(node.InType(0));
    if (node.OutRank() == node.InRank()) axis.out = size(node.OutType());
    if (auto_pad == "NOTSET") {
      axis.begin = pads[i];
      axis.end = pads[i + spatial];
    } else if (auto_pad == "SAME_LOWER") {
      EDGEOPT_CHECK_OK(PadLower(axis));
    }
    window.axes.push_back(axis);
  }
  return window;
}

Result<Padding> ChoosePadding(const Window& window) {
  Padding padding;
  if (window.same_upper) {
    padding.padding = schema::Padding::SAME;
    return padding;
  }
  bool valid = true, same = true;
  std::vector<std::pair<int64_t, int64_t>> pads;
  for (const WindowAxis& axis : window.axes) {
    if (axis.begin < 0 || axis.end < 0)
      return Unsupported("negative pads", "cut the input with a Slice instead");
    int64_t end = 0;
    const Form form = FormOf(axis, window.ceil, end);
    valid &= form == Form::kAny || form == Form::kValid;
    same &= form == Form::kAny || form == Form::kSame;
    if (form == Form::kExplicit && window.ceil && !axis.in)
      return Unsupported("ceil_mode needs a known input size",
                         "fix the sizes of the model's inputs with --shape");
    pads.emplace_back(axis.begin, end);
  }
  if (valid) return padding;
  if (same)
    padding.padding = schema::Padding::SAME;
  else
    padding.explicit_pads = std::move(pads);
  return padding;
}

Result<TensorIndex> Pad(NodeLowering& node, TensorIndex input, const Padding& padding,
                        PadValue value) {
  if (padding.explicit_pads.empty()) return input;
  ir::Shape shape = node.file().ShapeOf(input);
  std::vector<int32_t> amounts(2 * shape.size(), 0);
  for (size_t i = 0; i < padding.explicit_pads.size(); ++i) {
    const auto [begin, end] = padding.explicit_pads[i];
    amounts[2 * (i + 1)] = static_cast<int32_t>(begin);
    amounts[2 * (i + 1) + 1] = static_cast<int32_t>(end);
    if (shape[i + 1].value) *shape[i + 1].value += begin + end;
  }
  EDGEOPT_TRY(
      const TensorIndex pads,
      node.Constant(ir::Tensor::Of({static_cast<int64_t>(shape.size()), 2}, amounts), "pads"));
  EDGEOPT_TRY(const TensorIndex padded, node.TempLike(input, shape, "padded"));
  if (value == PadValue::kZero) {
    node.file().Add(Op::PAD, {input, pads}, {padded}, schema::PadOptionsT{});
  } else {
    EDGEOPT_TRY(const TensorIndex lowest, Lowest(node, input));
    node.file().Add(Op::PADV2, {input, pads, lowest}, {padded}, schema::PadV2OptionsT{});
  }
  return padded;
}

void MakeTwoDimensional(Window& window) {
  if (window.axes.size() != 1) return;
  WindowAxis first;
  first.in = first.out = 1;
  window.axes.insert(window.axes.begin(), first);
}

ir::Shape WithHeight(ir::Shape shape) {
  if (shape.size() == 3) shape.insert(shape.begin() + 1, ir::Dim::Of(1));
  return shape;
}

}  // namespace edgeopt::formats::tflite::lower
