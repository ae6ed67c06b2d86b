#include "measure/profile.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

namespace edgeopt::measure {
namespace {

using runtimes::ProfileEvent;

constexpr KernelKind kKinds[] = {KernelKind::kInt8, KernelKind::kWeightOnly,
                                 KernelKind::kConversion, KernelKind::kFloat, KernelKind::kOther};

// In ProfileEvent's words, which are ONNX Runtime's. Operators have ONNX Runtime's names, LiteRT's
// ("CONV_2D") or XNNPACK's ("Convolution (NHWC, QC8) IGEMM").
bool IsEightBit(const std::string& type) { return type == "uint8" || type == "int8"; }
bool IsFloat(const std::string& type) {
  return type == "float" || type == "float16" || type == "double" || type == "bfloat16";
}

// Operators that multiply 8-bit integers whatever their first input is: they quantize it
// themselves.
bool ComputesInIntegers(std::string_view op) {
  static const std::set<std::string_view> kNamed = {"DynamicQuantizeMatMul",
                                                    "DynamicQuantizeLSTM",
                                                    "QGemm",
                                                    "QAttention",
                                                    "QEmbedLayerNormalization",
                                                    "QMoE"};
  return kNamed.contains(op) || op.starts_with("QLinear") || op.starts_with("QOrdered") ||
         op.find("Integer") != std::string_view::npos ||
         op.find("QD8") != std::string_view::npos ||  // XNNPACK's, where signed or unsigned
         op.find("QDU8") != std::string_view::npos;   // integers are quicker on this CPU
}

bool HasPackedWeights(std::string_view op) {
  return op == "MatMulNBits" || op == "GatherBlockQuantized" || op == "MatMulBnb4";
}

bool IsConversion(std::string_view op) {
  return op == "QuantizeLinear" || op == "DequantizeLinear" || op == "DynamicQuantizeLinear" ||
         op == "Reformat" || op == "QUANTIZE" || op == "DEQUANTIZE" || op.starts_with("Convert (");
}

bool IsControlFlow(std::string_view op) {
  return op == "If" || op == "Loop" || op == "Scan" || op == "IF" || op == "WHILE";
}
bool LooksAtShapesOnly(std::string_view op) {
  return op == "Shape" || op == "Size" || op == "SHAPE";
}

// The mean without the largest tenth: those runs of the node were interrupted.
double UndisturbedMean(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.resize(values.size() - values.size() / 10);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

template <typename Row>
void SortByTime(std::vector<Row>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.mean_us > b.mean_us; });
}

}  // namespace

std::string_view Name(KernelKind kind) {
  switch (kind) {
    case KernelKind::kInt8:
      return "int8";
    case KernelKind::kWeightOnly:
      return "weight-only";
    case KernelKind::kConversion:
      return "conversion";
    case KernelKind::kFloat:
      return "float";
    case KernelKind::kOther:
      break;
  }
  return "other";
}

KernelKind KindOf(const ProfileEvent& event) {
  if (IsConversion(event.op_type)) return KernelKind::kConversion;
  if (event.precision == "int8") return KernelKind::kInt8;
  if (!event.precision.empty())
    return IsFloat(event.precision) ? KernelKind::kFloat : KernelKind::kOther;
  if (HasPackedWeights(event.op_type)) return KernelKind::kWeightOnly;
  if (ComputesInIntegers(event.op_type)) return KernelKind::kInt8;
  if (IsControlFlow(event.op_type) || LooksAtShapesOnly(event.op_type)) return KernelKind::kOther;
  // The data is the first input and the outputs; others are scales, sizes, limits.
  const auto first_is = [&](bool (*is)(const std::string&)) {
    return !event.input_types.empty() && is(event.input_types.front());
  };
  const auto gives = [&](bool (*is)(const std::string&)) {
    return std::any_of(event.output_types.begin(), event.output_types.end(), is);
  };
  if (gives(IsFloat) || first_is(IsFloat)) return KernelKind::kFloat;
  if (gives(IsEightBit) && first_is(IsEightBit)) return KernelKind::kInt8;
  return KernelKind::kOther;
}

std::vector<NodeProfile> MeanOfRuns(const std::vector<std::vector<ProfileEvent>>& runs) {
  std::vector<NodeProfile> nodes;
  std::vector<std::vector<double>> times;  // of each node, its time in each run
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (size_t run = 0; run < runs.size(); ++run) {
    for (const ProfileEvent& event : runs[run]) {
      const auto [found, added] = index.try_emplace({event.node, event.op_type}, nodes.size());
      if (added) {
        NodeProfile node;
        node.node = event.node;
        node.op_type = event.op_type;
        node.provider = event.provider;
        node.calls_per_run = 0;
        node.input_types = event.input_types;
        node.output_types = event.output_types;
        node.nested = event.nested;
        node.precision = event.precision;
        nodes.push_back(std::move(node));
        times.emplace_back(runs.size(), 0.0);
      }
      times[found->second][run] += event.duration_us;
      nodes[found->second].calls_per_run += 1;
    }
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].mean_us = UndisturbedMean(std::move(times[i]));
    nodes[i].calls_per_run /= static_cast<double>(runs.size());
  }
  return nodes;
}

Profile MakeProfile(std::vector<NodeProfile> nodes, int64_t runs) {
  Profile profile;
  profile.runs = runs;
  for (NodeProfile& node : nodes) {
    node.kind = KindOf({node.node, node.op_type, node.provider, node.mean_us, node.input_types,
                        node.output_types, node.nested, node.precision});
    if (!node.nested) profile.operators_us += node.mean_us;
  }
  const auto share = [&](double us) {
    return profile.operators_us > 0 ? us / profile.operators_us : 0;
  };
  std::map<std::string, OpProfile> by_op;
  std::map<KernelKind, KindProfile> by_kind;
  std::map<std::string, ProviderProfile> by_provider;
  for (NodeProfile& node : nodes) {
    node.share = share(node.mean_us);
    if (node.nested) continue;
    OpProfile& op = by_op[node.op_type];
    op.op_type = node.op_type;
    ++op.nodes;
    op.int8_nodes += node.kind == KernelKind::kInt8;
    op.mean_us += node.mean_us;
    KindProfile& kind = by_kind[node.kind];
    ++kind.nodes;
    kind.mean_us += node.mean_us;
    ProviderProfile& provider = by_provider[node.provider];
    provider.provider = node.provider;
    ++provider.nodes;
    provider.mean_us += node.mean_us;
  }
  for (auto& [name, provider] : by_provider) {
    provider.share = share(provider.mean_us);
    profile.by_provider.push_back(std::move(provider));
  }
  SortByTime(profile.by_provider);
  for (auto& [name, op] : by_op) {
    op.share = share(op.mean_us);
    profile.by_op.push_back(std::move(op));
  }
  SortByTime(profile.by_op);
  for (const KernelKind kind : kKinds) {
    if (!by_kind.contains(kind)) continue;
    KindProfile& row = by_kind[kind];
    row.kind = kind;
    row.share = share(row.mean_us);
    profile.by_kind.push_back(row);
  }
  profile.nodes = std::move(nodes);
  return profile;
}

nlohmann::json ToJson(const Profile& profile) {
  using nlohmann::json;
  json nodes = json::array(), ops = json::array(), kinds = json::array(), providers = json::array();
  for (const NodeProfile& node : profile.nodes) {
    json row = {{"node", node.node},
                {"op_type", node.op_type},
                {"provider", node.provider},
                {"mean_us", node.mean_us},
                {"share", node.share},
                {"calls_per_run", node.calls_per_run},
                {"kind", Name(node.kind)},
                {"input_types", node.input_types},
                {"output_types", node.output_types},
                {"nested", node.nested}};
    if (!node.precision.empty()) row["precision"] = node.precision;
    if (!node.reason.empty()) row["reason"] = node.reason;
    nodes.push_back(std::move(row));
  }
  for (const OpProfile& op : profile.by_op)
    ops.push_back({{"op_type", op.op_type},
                   {"nodes", op.nodes},
                   {"int8_nodes", op.int8_nodes},
                   {"mean_us", op.mean_us},
                   {"share", op.share}});
  for (const KindProfile& kind : profile.by_kind)
    kinds.push_back({{"kind", Name(kind.kind)},
                     {"nodes", kind.nodes},
                     {"mean_us", kind.mean_us},
                     {"share", kind.share}});
  for (const ProviderProfile& provider : profile.by_provider)
    providers.push_back({{"provider", provider.provider},
                         {"nodes", provider.nodes},
                         {"mean_us", provider.mean_us},
                         {"share", provider.share}});
  json document = {{"runs", profile.runs},        {"operators_us", profile.operators_us},
                   {"nodes", std::move(nodes)},   {"by_op", std::move(ops)},
                   {"by_kind", std::move(kinds)}, {"by_provider", std::move(providers)}};
  for (const runtimes::Int8Fallback& fallback : profile.int8_fallbacks)
    document["int8_fallbacks"].push_back(
        {{"node", fallback.node}, {"layer", fallback.layer}, {"ran", fallback.ran}});
  if (!profile.int8_unknown.empty()) document["int8_unknown"] = profile.int8_unknown;
  return document;
}

}  // namespace edgeopt::measure
