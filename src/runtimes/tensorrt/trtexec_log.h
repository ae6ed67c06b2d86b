// How a run of trtexec ended, from its exit status and its log: what failed, for a person.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/subprocess.h"

namespace edgeopt::runtimes::tensorrt {

// `log`: both streams. OK when trtexec ended with 0 and says PASSED. Otherwise an error of the kind
// that the log shows (no memory, an engine of another version or GPU, an operator that TensorRT
// lacks, an option that this trtexec lacks ...), with TensorRT's own words and what to do about it.
//
// A log's lines are "[MM/DD/YYYY-hh:mm:ss] [E] [TRT] 2: text"; [W] and [E] go to stderr, the rest
// to stdout. The last is "&&&& PASSED TensorRT.trtexec ..." or "&&&& FAILED ..."; 11.x leaves it
// out when its command line is wrong (samples/common/logging.h, samples/trtexec/trtexec.cpp).
Status CheckTrtexec(const ExitStatus& status, std::string_view log);

}  // namespace edgeopt::runtimes::tensorrt
