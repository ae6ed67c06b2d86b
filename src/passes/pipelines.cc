#include "passes/pipelines.h"

#include <array>
#include <string_view>

namespace edgeopt::passes {
namespace {

// Constants first, since most conditions ask for them; then what removes; then what merges into
// layers, for which nothing may be shared yet; sharing and clean-up last.
constexpr std::array<std::string_view, 21> kSimplify = {"inline-functions",
                                                        "lift-constants",
                                                        "eliminate-dead-code",
                                                        "eliminate-identity",
                                                        "eliminate-dropout",
                                                        "fold-constants",
                                                        "fold-shapes",
                                                        "inline-if",
                                                        "eliminate-cast",
                                                        "eliminate-pad",
                                                        "eliminate-slice",
                                                        "eliminate-expand",
                                                        "eliminate-concat",
                                                        "eliminate-arithmetic",
                                                        "eliminate-reshape",
                                                        "eliminate-transpose",
                                                        "fold-batch-norm",
                                                        "fold-scale-shift",
                                                        "fold-pad",
                                                        "canonicalize-clip",
                                                        "eliminate-common-subexpressions"};

}  // namespace

std::span<const Pass* const> Simplify() {
  static const auto kPasses = [] {
    std::array<const Pass*, kSimplify.size()> passes{};
    for (size_t i = 0; i < kSimplify.size(); ++i) passes[i] = Find(kSimplify[i]);
    return passes;
  }();
  return kPasses;
}

}  // namespace edgeopt::passes
