// Access to the attributes of a node.
#include "ir/graph.h"

namespace edgeopt::ir {

const Attribute* Node::FindAttribute(std::string_view attribute_name) const {
  for (const Attribute& attribute : attributes)
    if (attribute.name == attribute_name) return &attribute;
  return nullptr;
}

int64_t Node::IntOr(std::string_view attribute_name, int64_t fallback) const {
  const Attribute* attribute = FindAttribute(attribute_name);
  const auto* number = attribute ? attribute->get<int64_t>() : nullptr;
  return number ? *number : fallback;
}

float Node::FloatOr(std::string_view attribute_name, float fallback) const {
  const Attribute* attribute = FindAttribute(attribute_name);
  const auto* number = attribute ? attribute->get<float>() : nullptr;
  return number ? *number : fallback;
}

std::string Node::StringOr(std::string_view attribute_name, std::string fallback) const {
  const Attribute* attribute = FindAttribute(attribute_name);
  const auto* text = attribute ? attribute->get<std::string>() : nullptr;
  if (text) return *text;
  return fallback;
}

std::vector<int64_t> Node::IntsOr(std::string_view attribute_name,
                                  std::vector<int64_t> fallback) const {
  const Attribute* attribute = FindAttribute(attribute_name);
  const auto* list = attribute ? attribute->get<std::vector<int64_t>>() : nullptr;
  if (list) return *list;
  return fallback;
}

bool Node::has_subgraphs() const {
  bool found = false;
  ForEachSubgraph(*this, [&](const std::string&, const Graph&) { found = true; });
  return found;
}

}  // namespace edgeopt::ir
