#include "passes/quantize/small_products.h"

#include <algorithm>

namespace edgeopt::passes::quantize {
namespace {

constexpr int64_t kChannelsOfAKernel = 16, kPaddedChannels = 8, kSmallestDepthwise = 3;

bool FewChannelsPay(const ir::Graph& graph, const ir::Node& node, const ir::Tensor& weight) {
  const int64_t out = weight.dims()[0], in = weight.dims()[1];
  const auto first_axis = weight.dims().begin() + 2, end = weight.dims().end();
  if (node.IntOr("group", 1) > 1)
    return out % kPaddedChannels == 0 &&
           std::all_of(first_axis, end, [](int64_t size) { return size >= kSmallestDepthwise; });
  const bool square =
      std::all_of(first_axis, end, [&](int64_t size) { return size == *first_axis; });
  const bool padded = out % kPaddedChannels == 0 || in % kPaddedChannels == 0;
  const bool first_layer = graph.IsInput(node.input(0));
  return square && padded && (first_layer || out >= kChannelsOfAKernel || in >= kChannelsOfAKernel);
}

std::string SmallConvolution(const ir::Graph& graph, const ir::Node& node,
                             const ir::Tensor& weight) {
  const int64_t out = weight.dims()[0], in = weight.dims()[1];
  if ((out >= kChannelsOfAKernel && in >= kChannelsOfAKernel) ||
      FewChannelsPay(graph, node, weight))
    return {};
  return "its weight of " + ir::ToString(weight.dims()) +
         " has too few channels for an int8 kernel to gain";
}

// The size of dimension `from_end` counted from the last; 0 where it is not known.
int64_t SizeFromEnd(const ir::Graph& graph, ir::ValueId value, size_t from_end) {
  const ir::Type& type = graph.value(value).type;
  if (!type.is_tensor() || !type.shape || type.shape->size() <= from_end) return 0;
  return (*type.shape)[type.shape->size() - 1 - from_end].value.value_or(0);
}

}  // namespace

std::string SmallProduct(const ir::Graph& graph, const ir::Node& node, const ir::Tensor& weight) {
  if (node.Is("Conv")) return SmallConvolution(graph, node, weight);
  if (node.Is("ConvTranspose")) return {};
  if (SizeFromEnd(graph, node.output(0), 0) == 1) return "its product has a single column";
  if (SizeFromEnd(graph, node.output(0), 1) == 1) return "its product has a single row";
  return {};
}

}  // namespace edgeopt::passes::quantize
