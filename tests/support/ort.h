// For tests that use ONNX Runtime as the second oracle: the cached runtime, models run from the IR,
// outputs compared. A test program that includes this links formats and runtimes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/onnx/onnx.h"
#include "runtimes/library_path.h"
#include "runtimes/onnxruntime/onnxruntime.h"

namespace edgeopt::testing {

// The runtime that tools/setup put into the cache; a failed test and nullptr when it isn't there.
inline std::shared_ptr<runtimes::Runtime> OnnxRuntime() {
  static const auto runtime =
      runtimes::OpenOnnxRuntime(runtimes::OnnxRuntimeCandidates({}, {}, EDGEOPT_DEPS_DIR));
  EXPECT_TRUE(runtime.ok()) << runtime.error().ToString();
  return runtime.ok() ? *runtime : nullptr;
}

inline Result<std::unique_ptr<runtimes::Session>> LoadModel(
    const ir::Model& model, const runtimes::SessionOptions& options = {}) {
  const auto runtime = OnnxRuntime();
  if (runtime == nullptr) return Unavailable("no ONNX Runtime");
  EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
  return runtime->LoadBytes(std::as_bytes(std::span(bytes)), options);
}

// All outputs. `optimization` kNone keeps the runtime from rewriting the graph.
inline Result<std::vector<ir::Tensor>> RunModel(
    const ir::Model& model, const std::vector<ir::Tensor>& inputs,
    runtimes::GraphOptimization optimization = runtimes::GraphOptimization::kAll) {
  runtimes::SessionOptions options;
  options.optimization = optimization;
  EDGEOPT_TRY(const auto session, LoadModel(model, options));
  return session->Run(inputs);
}

struct Difference {
  double max_abs = 0;
  double max_rel = 0;  // |a - b| / max(|a|, |b|), where they differ
  // Not comparable: other number, name, type or shape; strings that differ; NaN against a number.
  std::string mismatch;
  bool equal() const { return mismatch.empty() && max_abs == 0; }
};

// Pairs by position. Integers and bool count as numbers; equal infinities and NaN pairs are equal.
inline Difference Compare(const std::vector<ir::Tensor>& a, const std::vector<ir::Tensor>& b) {
  Difference result;
  if (a.size() != b.size()) {
    result.mismatch = std::to_string(a.size()) + " and " + std::to_string(b.size()) + " outputs";
    return result;
  }
  for (size_t i = 0; i < a.size() && result.mismatch.empty(); ++i) {
    const std::string where = "output '" + a[i].name + "': ";
    if (a[i].name != b[i].name) result.mismatch = where + "the other is '" + b[i].name + "'";
    if (a[i].type() != b[i].type() || a[i].dims() != b[i].dims())
      result.mismatch = where + std::string(Name(a[i].type())) + ir::ToString(a[i].dims()) +
                        " and " + std::string(Name(b[i].type())) + ir::ToString(b[i].dims());
    if (!result.mismatch.empty() || a[i] == b[i]) continue;
    const auto x = a[i].ToDoubles(), y = b[i].ToDoubles();
    if (!x.ok() || !y.ok()) {
      result.mismatch = where + "differs (not numbers)";
      continue;
    }
    for (size_t k = 0; k < x->size(); ++k) {
      const double p = (*x)[k], q = (*y)[k];
      if (p == q || (std::isnan(p) && std::isnan(q))) continue;
      const double error = std::abs(p - q);
      if (!std::isfinite(error)) {
        result.mismatch = where + "element " + std::to_string(k) + " is " + std::to_string(p) +
                          " and " + std::to_string(q);
        break;
      }
      result.max_abs = std::max(result.max_abs, error);
      result.max_rel = std::max(result.max_rel, error / std::max(std::abs(p), std::abs(q)));
    }
  }
  return result;
}

}  // namespace edgeopt::testing
