#include "formats/pt2/aliases.h"

#include <algorithm>

namespace edgeopt::formats::pt2 {
namespace {

// Sorted.
constexpr std::string_view kViews[] = {
    "_conj",
    "_neg_view",
    "_reshape_alias",
    "_unsafe_view",
    "adjoint",
    "alias",
    "alpha_dropout",
    "as_strided",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_tensors",
    "broadcast_to",
    "chunk",
    "conj",
    "contiguous",
    "detach",
    "diagonal",
    "dropout",
    "dsplit",
    "expand",
    "expand_as",
    "feature_alpha_dropout",
    "feature_dropout",
    "flatten",
    "hsplit",
    "imag",
    "lift",
    "lift_fresh",
    "mH",
    "mT",
    "matrix_H",
    "meshgrid",
    "moveaxis",
    "movedim",
    "narrow",
    "numpy_T",
    "permute",
    "pin_memory",
    "positive",
    "ravel",
    "real",
    "reshape",
    "reshape_as",
    "resolve_conj",
    "resolve_neg",
    "select",
    "slice",
    "split",
    "split_with_sizes",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "tensor_split",
    "to",
    "transpose",
    "type_as",
    "unbind",
    "unflatten",
    "unfold",
    "unsqueeze",
    "values",
    "view",
    "view_as",
    "view_as_complex",
    "view_as_real",
    "vsplit",
};

}  // namespace

void Aliases::Own(const std::string& name, bool frozen) {
  memory_of_[name] = memories_.size();
  memories_.push_back({{name}, frozen});
}

void Aliases::Share(const std::string& view, const std::string& base) {
  const auto found = memory_of_.find(base);
  if (found == memory_of_.end()) return Own(view);
  const size_t memory = found->second;
  memory_of_[view] = memory;
  memories_[memory].names.push_back(view);
}

bool Aliases::IsFrozen(const std::string& name) const {
  const auto found = memory_of_.find(name);
  return found != memory_of_.end() && memories_[found->second].frozen;
}

std::vector<std::string> Aliases::Sharing(const std::string& name) const {
  const auto found = memory_of_.find(name);
  if (found == memory_of_.end()) return {name};
  return memories_[found->second].names;
}

bool IsView(std::string_view target) {
  constexpr std::string_view kNamespace = "aten.";
  if (!target.starts_with(kNamespace)) return false;
  target.remove_prefix(kNamespace.size());
  return std::ranges::binary_search(kViews, target.substr(0, target.find('.')));
}

}  // namespace edgeopt::formats::pt2
