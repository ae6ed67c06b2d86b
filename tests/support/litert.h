// For tests that run LiteRT: the cached runtime, and the models that tools/setup --tests fetched.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "runtimes/library_path.h"
#include "runtimes/litert/litert.h"

namespace edgeopt::testing {

// The runtime that tools/setup put into the cache; a failed test and nullptr when it isn't there.
inline std::shared_ptr<runtimes::Runtime> LiteRt() {
  static const auto runtime =
      runtimes::OpenLiteRt(runtimes::LiteRtCandidates({}, {}, EDGEOPT_DEPS_DIR));
  EXPECT_TRUE(runtime.ok()) << runtime.error().ToString();
  return runtime.ok() ? *runtime : nullptr;
}

// A network that transcribes music: float32 [N, 43844, 1] of sound to three outputs; nmp.onnx and
// nmp.tflite are the same network.
inline std::filesystem::path BasicPitch(const std::string& file) {
  return std::filesystem::path(EDGEOPT_DEPS_DIR) / "basic-pitch-0.4.0" / file;
}

// One of tests/runtimes/data (make_models.py).
inline std::filesystem::path SmallModel(const std::string& name) {
  return std::filesystem::path(EDGEOPT_SOURCE_DIR) / "tests/runtimes/data" / (name + ".tflite");
}

}  // namespace edgeopt::testing
