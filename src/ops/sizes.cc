#include "ops/sizes.h"

#include <string_view>

namespace edgeopt::ops {
namespace {

constexpr int64_t kBatch = 1, kImageSide = 224, kSequenceLength = 128;

// Names that nobody chose: "unk__7" of ONNX's shape inference, "Unsqueeze_12_dim_1" of ONNX
// Runtime's, "floor(height/2 - 1/2) + 1" of exporters.
bool IsInvented(std::string_view symbol) {
  constexpr std::string_view kDim = "_dim_";
  const size_t dim = symbol.rfind(kDim);
  const bool numbered =
      dim != std::string_view::npos &&
      symbol.find_first_not_of("0123456789", dim + kDim.size()) == std::string_view::npos;
  return symbol.empty() || symbol.starts_with("unk__") || numbered ||
         symbol.find('(') != std::string_view::npos;
}

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

std::map<std::string, int64_t> Sizes::Named() const {
  std::map<std::string, int64_t> named = given_;
  named.insert(assumed_.begin(), assumed_.end());
  named.erase("");
  return named;
}

std::vector<std::string> Sizes::Assumptions() const {
  std::vector<std::string> texts;
  bool unnamed = false;
  for (const auto& [symbol, size] : assumed_) {
    const bool invented = IsInvented(symbol);
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
