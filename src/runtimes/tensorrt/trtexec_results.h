// The files that trtexec exports: times of every query, times per layer, outputs. Pure: text in,
// values out; a file that is not of its form is BadInput, never a crash.
//
// Source: samples/common/sampleReporting.cpp of NVIDIA/TensorRT, whose writers are the same from
// v8.6.1 to v11.1, and the files of its engine explorer's examples. The writers print numbers with
// six digits, do not escape names, and print `nan` and `inf` where JSON has no such thing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::runtimes::tensorrt {

// --exportTimes: the queries after the warm-up, in order. All vectors are of one length, not empty.
struct QueryTimes {
  // Since trtexec's first query. Six digits: from one second on the start is exact to 10 us only,
  // from 100 s on to 1 ms.
  std::vector<int64_t> start_ns;
  std::vector<int64_t> latency_ns;  // copies to the GPU, computation, copies back
  std::vector<int64_t> compute_ns;  // on the GPU alone
};
Result<QueryTimes> ParseTimes(std::string_view json);

// --exportProfile: time per layer, in order of execution.
struct LayerTime {
  std::string name;
  double mean_us = 0, median_us = 0;
};
struct LayerTimes {
  int64_t runs = 0;
  std::vector<LayerTime> layers;
};
Result<LayerTimes> ParseLayerTimes(std::string_view json);

// --exportOutput: the outputs of the last query, named. The file has no types: `types` gives them
// by name, float32 where it has none; float32 values come with six digits. BadInput for a value
// that the type doesn't hold; Unsupported for uint8, which trtexec prints as raw characters, and
// for types that it does not print.
Result<std::vector<ir::Tensor>> ParseOutputs(std::string_view json,
                                             const std::map<std::string, ir::DataType>& types = {});

}  // namespace edgeopt::runtimes::tensorrt
