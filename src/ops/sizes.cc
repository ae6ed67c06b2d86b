#include "ops/sizes.h"

#include <string_view>

namespace edgeopt::ops {
namespace {

// ONNX's shape inference gives such names to sizes that it can't tell.
constexpr std::string_view kInventedPrefix = "unk__";
constexpr int64_t kBatch = 1, kImageSide = 224, kSequenceLength = 128;

}  // namespace

int64_t Sizes::Of(const ir::Dim& dim, int64_t fallback) {
  if (dim.value) return *dim.value;
  if (const auto found = given_.find(dim.symbol); found != given_.end()) return found->second;
  if (dim.symbol.empty()) {
    assumed_.emplace(dim.symbol, fallback);
    return fallback;  // two sizes without a name need not be equal
  }
  return assumed_.emplace(dim.symbol, fallback).first->second;
}

std::optional<ir::Dims> Sizes::Resolve(const ir::Type& type) {
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  ir::Dims dims;
  for (const ir::Dim& dim : *type.shape) dims.push_back(Of(dim, 1));
  return dims;
}

std::vector<std::string> Sizes::Assumptions() const {
  std::vector<std::string> texts;
  bool unnamed = false;
  for (const auto& [symbol, size] : assumed_) {
    const bool invented = symbol.empty() || symbol.rfind(kInventedPrefix, 0) == 0;
    unnamed = unnamed || invented;
    if (!invented) texts.push_back("'" + symbol + "' is counted as " + std::to_string(size));
  }
  if (unnamed)
    texts.push_back("sizes without a name are counted as 1, 224 (image sides) or 128 (sequences)");
  return texts;
}

void FixInputSizes(ir::Model& model, Sizes& sizes) {
  ir::Graph& graph = model.graph;
  for (const ir::ValueId id : graph.inputs()) {
    ir::Type type = graph.value(id).type;
    if (!type.is_tensor() || !type.shape) continue;
    for (size_t i = 0; i < type.shape->size(); ++i) {
      const int64_t fallback = i == 0                    ? kBatch
                               : type.shape->size() == 4 ? kImageSide
                                                         : kSequenceLength;
      ir::Dim& dim = (*type.shape)[i];
      dim.value = sizes.Of(dim, fallback);
    }
    graph.SetType(id, std::move(type));
  }
}

}  // namespace edgeopt::ops
