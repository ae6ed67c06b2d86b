#include "runtimes/onnxruntime/tensorrt_provider.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace edgeopt::runtimes::ort {
namespace {

Result<bool> HasTensorRt(const Library& library) {
  char** names = nullptr;
  int count = 0;
  EDGEOPT_CHECK_OK(library.Require(library.api().GetAvailableProviders(&names, &count)));
  const bool found = std::any_of(names, names + count, [](const char* name) {
    return std::string_view(name) == "TensorrtExecutionProvider";
  });
  EDGEOPT_CHECK_OK(library.Require(library.api().ReleaseAvailableProviders(names, count)));
  return found;
}

}  // namespace

Status AddTensorRtProvider(const Library& library, OrtSessionOptions* options,
                           const std::filesystem::path& cache, std::optional<int> dla_core) {
  EDGEOPT_TRY(const bool found, HasTensorRt(library));
  if (!found)
    return Unsupported(
        "this build of ONNX Runtime " + library.version() + " has no TensorRT provider",
        "name a build that has with --runtime-library");
  const OrtApi& api = library.api();
  OrtTensorRTProviderOptionsV2* raw = nullptr;
  EDGEOPT_CHECK_OK(library.Require(api.CreateTensorRTProviderOptions(&raw)));
  const auto provider = Own(raw, api.ReleaseTensorRTProviderOptions);
  // Types that the graph has; where TensorRT types networks weakly it has to be told that it may.
  const std::string core = std::to_string(dla_core.value_or(0));
  const char* const keys[] = {
      "trt_fp16_enable",       "trt_int8_enable",         "trt_engine_cache_enable",
      "trt_engine_cache_path", "trt_timing_cache_enable", "trt_dla_enable",
      "trt_dla_core"};
  const char* const values[] = {"1",         "1", "1", cache.c_str(), "1", dla_core ? "1" : "0",
                                core.c_str()};
  EDGEOPT_CHECK_OK(
      library.Require(api.UpdateTensorRTProviderOptions(raw, keys, values, std::size(keys))));
  EDGEOPT_CHECK_OK(
      library.Require(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(options, raw)));
  return library.Require(
      api.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1"));
}

}  // namespace edgeopt::runtimes::ort
