// What runs on a deep learning accelerator (DLA) and what fell back to the GPU: read from the log
// of the engine's build, kept beside the engine. The exported layer information does not carry it.
//
// Source: logs of builds with 8.5, 8.6 and 10.3 in the issues of NVIDIA/TensorRT (#3143 ...),
// NVIDIA-AI-IOT/jetson_dla_tutorial and ultralytics; "Working with DLA", "GPU Fallback Mode".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "runtimes/runtime.h"

namespace edgeopt::runtimes::tensorrt {

// From trtexec's log of a build with --useDLACore:
//   [I] [TRT] ---------- Layers Running on DLA ----------
//   [I] [TRT] [DlaLayer] {ForeignNode[/conv1/Conv.../relu/Relu]}
//   [I] [TRT] ---------- Layers Running on GPU ----------
//   [I] [TRT] [GpuLayer] COPY: Reformatting CopyNode for Network Input input_0
//   [I] [TRT] [GpuLayer] SOFTMAX: /softmax/Softmax
// Not known without these headings. Of repeated lists the last counts.
DlaPlacement PlacementInLog(std::string_view log, int core);

// {"dla": [...], "gpu": [...]}, or {} where it is not known.
std::string ToJson(const DlaPlacement& placement);
// Not known where the file is missing or holds something else.
DlaPlacement ReadPlacement(const std::filesystem::path& file, int core);

}  // namespace edgeopt::runtimes::tensorrt
