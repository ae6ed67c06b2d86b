#include "runtimes/tensorrt/engine_key.h"

#include <gtest/gtest.h>

#include <cstring>
#include <regex>

namespace edgeopt::runtimes::tensorrt {
namespace {

const Gpu kNano{"Orin", 8, 7, 8};

EngineKey Key() {
  EngineKey key;
  key.version = {10, 3, 0};
  key.gpu = kNano;
  key.model_sha256 = std::string(64, 'a');
  key.options.onnx_path = "m.onnx";
  key.options.engine_path = "m.engine";
  key.options.precisions = {Typing::kGraph, true, true};
  return key;
}

TEST(FindGpu, ReadsTheDeviceInformation) {
  // Of a log in issue 2177 of NVIDIA/TensorRT.
  const auto gpu = FindGpu(
      "[07/22/2022-13:25:12] [I] === Device Information ===\n"
      "[07/22/2022-13:25:12] [I] Selected Device: NVIDIA GeForce GTX 1050 Ti\n"
      "[07/22/2022-13:25:12] [I] Compute Capability: 6.1\n"
      "[07/22/2022-13:25:12] [I] SMs: 6\r\n"
      "[07/22/2022-13:25:12] [I] Compute Clock Rate: 1.392 GHz\n");
  EXPECT_EQ(gpu, (Gpu{"NVIDIA GeForce GTX 1050 Ti", 6, 1, 6}));
}

TEST(FindGpu, IsSilentWhereTheLogIs) {
  for (const char* log :
       {"", "[I] Selected Device: Orin\n",
        "[I] Selected Device: Orin\n[I] Compute Capability: 8.7\n",
        "[I] Selected Device: \n[I] Compute Capability: 8.7\n[I] SMs: 8\n",
        "[I] Selected Device: Orin\n[I] Compute Capability: 8\n[I] SMs: 8\n",
        "[I] Selected Device: Orin\n[I] Compute Capability: 8.7.1\n[I] SMs: 8\n",
        "[I] Selected Device: Orin\n[I] Compute Capability: 8.7\n[I] SMs: many\n"})
    EXPECT_EQ(FindGpu(log), std::nullopt) << log;
}

TEST(EngineFileName, IsReadableAndSafe) {
  EngineKey key = Key();
  EXPECT_TRUE(std::regex_match(EngineFileName(key),
                               std::regex("trt10\\.3\\.0-sm87-8-orin-[0-9a-f]{16}\\.engine")))
      << EngineFileName(key);
  EXPECT_EQ(TimingCacheFileName(key.version, key.gpu), "trt10.3.0-sm87-8-orin.timing");
  key.gpu.name = "../../NVIDIA  Thor\n\xff";
  EXPECT_TRUE(std::regex_match(EngineFileName(key), std::regex("[a-z0-9.-]+")))
      << EngineFileName(key);
  EXPECT_EQ(EngineFileName(key).find(".."), std::string::npos);
  key.gpu.name = std::string(5000, 'x');
  EXPECT_LT(EngineFileName(key).size(), 100u);
}

TEST(EngineFileName, ChangesWithAllThatMakesAnEngine) {
  const std::string name = EngineFileName(Key());
  const auto differs = [&](auto change) {
    EngineKey key = Key();
    change(key);
    return EngineFileName(key) != name;
  };
  EXPECT_TRUE(differs([](EngineKey& key) { key.version.patch = 1; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.gpu.multiprocessors = 16; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.gpu.capability_minor = 9; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.gpu.name = "Orin (other)"; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.model_sha256[0] = 'b'; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.options.workspace_mib = 64; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.options.shapes["x"] = {{1}, {1}, {4}}; }));
  EXPECT_TRUE(differs([](EngineKey& key) { key.options.precisions.typing = Typing::kBuilder; }));
  // Where files lie does not.
  EXPECT_FALSE(differs([](EngineKey& key) {
    key.options.onnx_path = "/elsewhere/n.onnx";
    key.options.engine_path = "/elsewhere/n.engine";
    key.options.trtexec = "/usr/src/tensorrt/bin/trtexec";
    key.options.timing_cache_path = "t";
    key.options.layer_info_path = "l";
  }));
}

TEST(CheckOrigin, AcceptsTheMachineItWasBuiltOn) {
  const auto origin = ParseOrigin(ToJson(Key()));
  ASSERT_TRUE(origin.ok()) << origin.error().ToString();
  EXPECT_EQ(origin->version, (Version{10, 3, 0}));
  EXPECT_EQ(origin->gpu, kNano);
  EXPECT_EQ(origin->model_sha256, std::string(64, 'a'));
  EXPECT_TRUE(CheckOrigin(*origin, {10, 3, 0}, kNano).ok());
}

TEST(CheckOrigin, RefusesAnotherVersionOrGpu) {
  const EngineOrigin origin{{10, 3, 0}, kNano, "a"};
  const auto version = CheckOrigin(origin, {10, 16, 2}, kNano);
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(version.error().message.find("10.3.0"), std::string::npos);
  EXPECT_NE(version.error().message.find("10.16.2"), std::string::npos);
  const auto gpu = CheckOrigin(origin, {10, 3, 0}, {"Orin", 8, 7, 16});
  ASSERT_FALSE(gpu.ok());
  EXPECT_NE(gpu.error().message.find("16 multiprocessors"), std::string::npos);
  EXPECT_FALSE(CheckOrigin(origin, {10, 3, 0}, {"NVIDIA Thor", 11, 0, 20}).ok());
}

TEST(ParseOrigin, RefusesGarbage) {
  for (
      const char* text :
      {"", "[]", "{}",
       R"({"tensorrt":"10.3","gpu":"Orin","compute_capability":"8.7","multiprocessors":8,"model_sha256":"a"})",
       R"({"tensorrt":"10.3.0","gpu":"Orin","compute_capability":8.7,"multiprocessors":8,"model_sha256":"a"})",
       R"({"tensorrt":"10.3.0","gpu":"Orin","compute_capability":"8.7","model_sha256":"a"})",
       R"({"tensorrt":"10.3.0x","gpu":"Orin","compute_capability":"8.7","multiprocessors":8,"model_sha256":"a"})"})
    EXPECT_FALSE(ParseOrigin(text).ok()) << text;
}

TEST(VersionInEngine, ReadsTheFirstBytes) {
  // printPlanVersion: word 0 is 0x74727466, word 1 is 0, bytes 24 to 27 are the version.
  std::vector<std::byte> bytes(40, std::byte{0});
  const uint32_t tag = 0x74727466U;
  std::memcpy(bytes.data(), &tag, sizeof(tag));
  bytes[24] = std::byte{10};
  bytes[25] = std::byte{16};
  bytes[26] = std::byte{2};
  bytes[27] = std::byte{26};
  EXPECT_EQ(VersionInEngine(bytes), (Version{10, 16, 2}));
  EXPECT_EQ(VersionInEngine(std::span(bytes).first(27)), std::nullopt);
  bytes[4] = std::byte{1};
  EXPECT_EQ(VersionInEngine(bytes), std::nullopt);
  EXPECT_EQ(VersionInEngine({}), std::nullopt);
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
