#include "formats/tflite/raise/window.h"

#include <algorithm>
#include <limits>

namespace edgeopt::formats::tflite::raise {

Result<std::vector<WindowAxis>> WindowOf(const OperatorRaising& op, size_t input,
                                         const std::vector<int64_t>& kernel,
                                         const std::vector<int64_t>& strides,
                                         const std::vector<int64_t>& dilations) {
  const ir::Shape shape = op.InShape(input);
  std::vector<WindowAxis> window;
  for (size_t i = 0; i < kernel.size(); ++i) {
    if (kernel[i] < 1 || strides[i] < 1 || dilations[i] < 1)
      return BadInput("its window has size " + std::to_string(kernel[i]) + ", stride " +
                      std::to_string(strides[i]) + " and dilation " + std::to_string(dilations[i]) +
                      "; expected 1 or more");
    if (kernel[i] * dilations[i] > std::numeric_limits<int32_t>::max())
      return BadInput("its window reaches over " + std::to_string(kernel[i] * dilations[i]) +
                      " elements");
    window.push_back({kernel[i], strides[i], dilations[i], shape[i + 1].value});
  }
  return window;
}

Pads SamePads(const WindowAxis& axis, int64_t in) {
  const int64_t extent = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t out = (in + axis.stride - 1) / axis.stride;
  const int64_t total = std::max<int64_t>((out - 1) * axis.stride + extent - in, 0);
  return {total / 2, total - total / 2};
}

Result<std::vector<ir::Attribute>> AttributesOf(const OperatorRaising& op,
                                                const std::vector<WindowAxis>& window,
                                                schema::Padding padding) {
  std::vector<int64_t> strides, dilations, begins, ends;
  bool known = true, dilated = false;
  for (const WindowAxis& axis : window) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation);
    dilated |= axis.dilation != 1;
    // With a stride of 1 every size gives the same.
    known &= padding == schema::Padding::VALID || axis.in || axis.stride == 1;
    const Pads pads = padding == schema::Padding::VALID
                          ? Pads{}
                          : SamePads(axis, axis.in.value_or(int64_t{1} << 30));
    begins.push_back(pads.begin);
    ends.push_back(pads.end);
  }
  std::vector<ir::Attribute> attributes = {{"strides", strides}};
  if (dilated) attributes.push_back({"dilations", dilations});
  if (known) {
    begins.insert(begins.end(), ends.begin(), ends.end());
    if (std::ranges::count(begins, 0) != static_cast<std::ptrdiff_t>(begins.size()))
      attributes.push_back({"pads", begins});
  } else if (dilated) {
    return op.Unsupported("SAME padding with dilations of an input of unknown size");
  } else {
    attributes.push_back({"auto_pad", std::string("SAME_UPPER")});
  }
  return attributes;
}

}  // namespace edgeopt::formats::tflite::raise
