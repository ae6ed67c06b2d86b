#include "passes/pipelines.h"

#include <string_view>
#include <vector>

namespace edgeopt::passes {
namespace {

// What one pass makes possible for an earlier one is found in the next round.
constexpr std::string_view kSimplify[] = {
    // What everything else looks at.
    "inline-functions", "eliminate-exporter-notes", "lift-constants", "eliminate-dead-code",
    "eliminate-identity", "eliminate-dropout", "fold-constants", "fold-shapes", "inline-if",
    "eliminate-common-subexpressions",
    // What changes nothing.
    "eliminate-cast", "eliminate-pad", "eliminate-slice", "eliminate-expand", "eliminate-concat",
    "eliminate-arithmetic", "eliminate-reshape", "eliminate-transpose", "eliminate-zero-state",
    // Patterns, before the folding that would take them apart.
    "canonicalize-clip", "canonicalize-range", "fuse-gelu", "fuse-layer-norm", "fuse-silu",
    "fuse-hard-swish",
    // What becomes part of something else.
    "fold-batch-norm", "fold-scale-shift", "fold-arithmetic", "fold-pad"};

}  // namespace

std::span<const Pass* const> Simplify() {
  static const auto kPasses = [] {
    std::vector<const Pass*> passes;
    for (const std::string_view name : kSimplify) passes.push_back(Find(name));
    return passes;
  }();
  return kPasses;
}

}  // namespace edgeopt::passes
