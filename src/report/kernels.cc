#include "report/kernels.h"

#include <algorithm>
#include <map>

#include "report/text.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;

// The most frequent reasons; a report is no list of nodes (report.json holds that).
constexpr size_t kMaxReasons = 8;

// A member that is an array of objects; what is not there is empty.
std::vector<json> Rows(const json& object, const char* name) {
  std::vector<json> rows;
  if (!object.is_object()) return rows;
  for (const json& row : object.value(name, json::array()))
    if (row.is_object()) rows.push_back(row);
  return rows;
}

std::string Int8Share(const json& kernels) {
  int64_t int8 = 0, all = 0;
  double share = 0;
  for (const json& kind : Rows(kernels, "by_kind")) {
    all += kind.value("nodes", int64_t{0});
    if (kind.value("kind", "") != "int8") continue;
    int8 = kind.value("nodes", int64_t{0});
    share = kind.value("share", 0.0);
  }
  if (all == 0) return "";
  return "In int8, as the runtime's profile says: " + std::to_string(int8) + " of " +
         std::to_string(all) + " kernels, " + Number(share * 100) + " % of the time";
}

}  // namespace

std::vector<std::string> KernelLines(const Step& step) {
  std::vector<std::string> lines;
  if (step.precision != "int8" || !step.details.is_object()) return lines;
  if (std::string share = Int8Share(step.details.value("kernels", json())); !share.empty())
    lines.push_back(std::move(share));
  std::map<std::string, int64_t> counts;  // "Relu: reason" -> nodes
  for (const json& node : Rows(step.details, "nodes")) {
    const std::string reason = node.value("reason", "");
    if (node.value("int8", false) || reason.empty() || reason.starts_with("disappears")) continue;
    ++counts[node.value("op_type", "") + ": " + reason];
  }
  std::vector<std::pair<int64_t, std::string>> reasons;
  for (const auto& [reason, count] : counts) reasons.emplace_back(-count, reason);
  std::sort(reasons.begin(), reasons.end());
  for (size_t i = 0; i < std::min(kMaxReasons, reasons.size()); ++i)
    lines.push_back("Left as they are: " + std::to_string(-reasons[i].first) + " x " +
                    reasons[i].second);
  if (reasons.size() > kMaxReasons)
    lines.push_back("And for " + std::to_string(reasons.size() - kMaxReasons) + " other reasons");
  return lines;
}

}  // namespace edgeopt::report
