#include "pipeline/bottleneck.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "report/text.h"

namespace edgeopt::pipeline {

using measure::Profile;
using report::Number;
using report::Suggestion;

namespace {

// Structured pruning of 30 % of the channels leaves 0.7 * 0.7 of the multiply-adds of a layer whose
// neighbours are pruned too (Torch-Pruning on EfficientNet-Lite0: 0.47).
constexpr double kPruneRatio = 0.3;

std::string Macs(double macs) {
  return macs >= 1e9 ? Number(macs / 1e9) + " G multiply-adds"
                     : Number(macs / 1e6) + " M multiply-adds";
}

std::string Ms(double ms) { return Number(ms) + " ms"; }

// Share of the time in operators with channels that can be pruned.
double PrunableShare(const Profile& profile) {
  static const std::set<std::string> kTypes = {
      "Conv",     "FusedConv",     "QLinearConv", "ConvTranspose",
      "Gemm",     "QGemm",         "MatMul",      "FusedMatMul",
      "LSTM",     "QLinearMatMul", "NhwcConv",    "DynamicQuantizeMatMul",
      "FusedGemm"};
  // XNNPACK's names have the kernel behind them: "Convolution (NHWC, F32) IGEMM".
  static constexpr std::string_view kXnnpack[] = {"Convolution", "Fully Connected",
                                                  "Dynamic Fully Connected", "Deconvolution"};
  double share = 0;
  for (const auto& op : profile.by_op) {
    const std::string_view name = op.op_type;
    const bool known =
        kTypes.contains(op.op_type) || std::ranges::any_of(kXnnpack, [&](std::string_view start) {
          return name.starts_with(start);
        });
    if (known) share += op.share;
  }
  return std::min(1.0, share);
}

std::string Summary(const Profile& profile) {
  if (profile.by_op.empty()) return "the runtime's profile is empty";
  const auto& first = profile.by_op.front();
  std::string text = first.op_type + " takes " + Number(first.share * 100) + " % of the time (" +
                     std::to_string(first.nodes) + (first.nodes == 1 ? " node" : " nodes");
  if (first.int8_nodes > 0) text += ", " + std::to_string(first.int8_nodes) + " in int8";
  text += ")";
  if (profile.by_op.size() > 1)
    text += ", " + profile.by_op[1].op_type + " " + Number(profile.by_op[1].share * 100) + " %";
  const auto slowest = std::max_element(
      profile.nodes.begin(), profile.nodes.end(), [](const auto& a, const auto& b) {
        return (a.nested ? 0 : a.mean_us) < (b.nested ? 0 : b.mean_us);
      });
  if (slowest != profile.nodes.end())
    text +=
        "; the slowest node is '" + slowest->node + "' with " + Number(slowest->share * 100) + " %";
  return text;
}

Suggestion HalfSizeSuggestion(const HalfSizeResult& half, const BottleneckFacts& facts) {
  Suggestion suggestion;
  suggestion.what = "half the input resolution";
  if (half.height > 0)
    suggestion.what += ", " + std::to_string(half.height) + " x " + std::to_string(half.width);
  const auto macs = static_cast<double>(facts.macs);
  // Convolutions cost a quarter at half the height and width.
  suggestion.estimate = half.macs > 0 ? Macs(static_cast<double>(half.macs))
                                      : "about " + Macs(macs / 4) + " after a new export";
  suggestion.estimate += " instead of " + Macs(macs) + "; ";
  suggestion.estimate +=
      half.p50_ms ? "measured " + Ms(*half.p50_ms) + " (p50 of " + std::to_string(half.runs) +
                        " runs); the accuracy must be measured anew, usually after retraining"
                  : "not measured: " + half.why_not;
  return suggestion;
}

}  // namespace

report::Bottleneck Explain(const Profile& profile, const BottleneckFacts& facts) {
  report::Bottleneck bottleneck;
  bottleneck.summary = Summary(profile);
  auto& list = bottleneck.suggestions;
  if (facts.half) list.push_back(HalfSizeSuggestion(*facts.half, facts));
  const double share = PrunableShare(profile);
  const double left = (1 - kPruneRatio) * (1 - kPruneRatio);
  const double pruned_ms = facts.p50_ms * (1 - share * (1 - left));
  list.push_back({"structured pruning of " + Number(kPruneRatio * 100) + " % of the channels",
                  "about " + Ms(pruned_ms) + ": layers with channels take " + Number(share * 100) +
                      " % of the time, and about " + Number(left * 100) +
                      " % of their work is left; needs fine-tuning"});
  const double ratio = facts.target_ms / facts.p50_ms;
  const std::string size = Macs(static_cast<double>(facts.macs) * ratio) + " (" +
                           Number(ratio * 100) + " % of this one)";
  list.push_back({"a smaller model", "at this model's speed of " +
                                         Macs(static_cast<double>(facts.macs) / facts.p50_ms) +
                                         " per ms, " + Ms(facts.target_ms) + " allow " + size});
  list.push_back(
      {"distillation", "a student of at most " + size + ", trained on this model's outputs"});
  if (facts.threads < facts.usable_cpus)
    list.push_back({"more threads (--threads " + std::to_string(facts.usable_cpus) + ")",
                    "at best " + Ms(facts.p50_ms * facts.threads / facts.usable_cpus)});
  list.push_back({"another target", "the best that was reached is " + Ms(facts.p50_ms)});
  return bottleneck;
}

}  // namespace edgeopt::pipeline
