#include "formats/pt2/tree_names.h"

#include <set>

#include "formats/pt2/json.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr int kDeepestTree = 32;

// The keys of a dict-like tree node: a JSON list of strings, one per child, in its context; empty
// for a tuple or list.
std::vector<std::string> KeysOf(const json& context, size_t children) {
  std::vector<std::string> keys;
  if (!context.is_string()) return keys;
  const json parsed = json::parse(context.get_ref<const std::string&>(), nullptr, false);
  if (!parsed.is_array() || parsed.size() != children) return keys;
  for (const json& key : parsed) {
    if (!key.is_string()) return {};
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

// Appends the names of the leaves below `node`; false when it is not a tree.
bool AddNames(const json& node, const std::string& prefix, int depth,
              std::vector<std::string>& names) {
  if (depth > kDeepestTree || !node.is_object()) return false;
  const auto type = node.find("type"), children = node.find("children_spec");
  if (type == node.end() || children == node.end() || !children->is_array()) return false;
  if (type->is_null()) {
    names.push_back(prefix.empty() ? "output" : prefix);
    return true;
  }
  const auto context = node.find("context");
  std::vector<std::string> keys;
  if (context != node.end()) keys = KeysOf(*context, children->size());
  for (size_t i = 0; i < children->size(); ++i) {
    std::string name = prefix.empty() ? "" : prefix + "_";
    if (!keys.empty()) {
      name += keys[i];
    } else {
      name = (prefix.empty() ? "output_" : name) + std::to_string(i);
    }
    if (!AddNames((*children)[i], name, depth + 1, names)) return false;
  }
  return true;
}

std::vector<std::string> Unique(const std::vector<std::string>& wanted) {
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    std::string unique = name.empty() ? "output" : name;
    for (int64_t i = 1; !taken.insert(unique).second; ++i) unique = name + "_" + std::to_string(i);
    names.push_back(std::move(unique));
  }
  return names;
}

}  // namespace

std::vector<std::string> OutputNames(std::string_view tree, size_t count) {
  std::vector<std::string> names;
  const json parsed = json::parse(tree, nullptr, false);
  if (parsed.is_array() && parsed.size() == 2 && AddNames(parsed[1], "", 0, names) &&
      names.size() == count)
    return Unique(names);
  names.clear();
  for (size_t i = 0; i < count; ++i)
    names.push_back(count == 1 ? "output" : "output_" + std::to_string(i));
  return names;
}

}  // namespace edgeopt::formats::pt2
