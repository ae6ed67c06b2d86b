#include "cli/profile_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;

std::string Share(const json& row) {
  return std::to_string(std::lround(row["share"].get<double>() * 100)) + " %";
}

// Nodes with a reason (why they ran in float, or not in XNNPACK) by type.
std::string Reasons(const json& profile, const char* field, const char* value,
                    const std::string& title) {
  std::map<std::string, int64_t> counts;
  for (const json& node : profile["nodes"])
    if (node[field] == value && node.contains("reason"))
      ++counts[node["op_type"].get<std::string>() + ": " + node["reason"].get<std::string>()];
  std::string text;
  for (const auto& [reason, count] : counts)
    text += "    " + std::to_string(count) + " x " + reason + "\n";
  return text.empty() ? "" : "  " + title + ":\n" + text;
}

// Who ran the operators, where it was more than one.
std::string Providers(const json& profile) {
  if (profile["by_provider"].size() < 2) return "";
  std::vector<std::vector<std::string>> rows;
  for (const json& provider : profile["by_provider"])
    rows.push_back(
        {provider["provider"], std::to_string(provider["nodes"].get<int64_t>()), Share(provider)});
  return Table({"run by", "nodes", "time"}, rows) +
         Reasons(profile, "provider", "builtin", "not left to XNNPACK");
}

}  // namespace

std::string KernelSummary(const json& profile) {
  std::vector<std::vector<std::string>> rows;
  for (const json& kind : profile["by_kind"])
    rows.push_back({kind["kind"], std::to_string(kind["nodes"].get<int64_t>()), Share(kind)});
  // An operator of LiteRT's own has its reason below.
  const bool litert = profile["by_provider"].size() > 1;
  return Table({"kernels", "nodes", "time"}, rows) +
         (litert ? "" : Reasons(profile, "kind", "float", "kernels that ran in float")) +
         Providers(profile);
}

std::string ProfileTables(const json& profile, size_t max_nodes) {
  std::string text = KernelSummary(profile) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const json& op : profile["by_op"])
    rows.push_back({op["op_type"], std::to_string(op["nodes"].get<int64_t>()),
                    report::Number(op["mean_us"].get<double>()), Share(op)});
  text += Table({"operator", "nodes", "us", "time"}, rows) + "\n";
  std::vector<json> nodes = profile["nodes"];
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const json& a, const json& b) { return a["mean_us"] > b["mean_us"]; });
  rows.clear();
  for (size_t i = 0; i < std::min(max_nodes, nodes.size()); ++i)
    rows.push_back({nodes[i]["node"], nodes[i]["op_type"], nodes[i]["kind"],
                    report::Number(nodes[i]["mean_us"].get<double>()), Share(nodes[i])});
  return text + Table({"node", "operator", "kernel", "us", "time"}, rows);
}

}  // namespace edgeopt::cli
