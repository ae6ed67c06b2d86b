#include "runtimes/tensorrt/trtexec_log.h"

#include <algorithm>
#include <vector>

namespace edgeopt::runtimes::tensorrt {
namespace {

constexpr size_t kLongestText = 600;
constexpr size_t kMostLines = 4;

struct KnownFailure {
  std::string_view sign;  // in a line of the log
  ErrorCode code;
  std::string_view message, hint;
};
// From logs in the issues of NVIDIA/TensorRT (#2176, #2177, #2195, #4494 ...), onnx-tensorrt's
// importers, samples/common of v8.6.1 to v11.1. The first that fits is told: causes before their
// consequences.
constexpr KnownFailure kKnown[] = {
    {"is not compatible with this version of TensorRT", ErrorCode::kUnsupported,
     "the engine was built by another version of TensorRT",
     "an engine works with the version that built it only: build it on this device"},
    {"Version tag does not match", ErrorCode::kUnsupported,
     "the engine was built by another version of TensorRT",
     "an engine works with the version that built it only: build it on this device"},
    {"generated on an incompatible device", ErrorCode::kUnsupported,
     "the engine was built for another GPU",
     "an engine works on the kind of GPU that built it only: build it on this device"},
    {"Unknown option: ", ErrorCode::kUnsupported, "this trtexec lacks an option",
     "look at the version of TensorRT with 'edgeopt device probe'"},
    {"Cannot find any available devices", ErrorCode::kUnavailable, "trtexec finds no GPU",
     "run it on the Jetson itself, not in a container without the NVIDIA runtime"},
    {"no CUDA-capable device", ErrorCode::kUnavailable, "trtexec finds no GPU",
     "run it on the Jetson itself, not in a container without the NVIDIA runtime"},
    {"Error Code 2: OutOfMemory", ErrorCode::kUnavailable, "the device has not enough memory",
     "end other programs (the desktop too), add swap, limit the workspace, or use a smaller batch"},
    {"out of memory", ErrorCode::kUnavailable, "the device has not enough memory",
     "end other programs (the desktop too), add swap, limit the workspace, or use a smaller batch"},
    {"Plugin not found", ErrorCode::kUnsupported, "the model has an operator that TensorRT lacks",
     "run the model with ONNX Runtime, or replace the operator"},
    {"Could not find any implementation for node", ErrorCode::kUnsupported,
     "TensorRT has no kernel for a part of the model",
     "give it a larger workspace; for an INT8 model exclude that node from quantization"},
    {"Dynamic dimensions required", ErrorCode::kBadInput,
     "shapes were given for an input whose dimensions are fixed", ""},
    {"Failed to parse onnx file", ErrorCode::kUnsupported, "TensorRT can't read the model",
     "the lines of the log above this name the node"},
};

// Without time, severity and source: "[11/08/2024-08:46:50] [E] [TRT] text" is "text". Empty for a
// line that is no error.
std::string ErrorText(std::string_view line) {
  constexpr std::string_view kMark = "[E] ";
  // The time stands before the mark; a model's names may hold anything further on.
  const size_t mark = line.find(kMark);
  if (mark > 24) return {};  // also where there is none
  line.remove_prefix(mark + kMark.size());
  if (line.starts_with("[TRT] ")) line.remove_prefix(6);
  std::string text;
  for (const char c : line) text += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

template <typename Fn>
void ForEachLine(std::string_view log, Fn fn) {
  for (size_t start = 0; start < log.size();) {
    const size_t end = std::min(log.find('\n', start), log.size());
    fn(log.substr(start, end - start));
    start = end + 1;
  }
}

bool SaysPassed(std::string_view log) {
  bool passed = false;
  ForEachLine(log, [&](std::string_view line) {
    if (line.starts_with("&&&& PASSED TensorRT.trtexec")) passed = true;
    if (line.starts_with("&&&& FAILED TensorRT.trtexec")) passed = false;
  });
  return passed;
}

std::vector<std::string> ErrorLines(std::string_view log) {
  std::vector<std::string> lines;
  ForEachLine(log, [&](std::string_view line) {
    std::string text = ErrorText(line);
    if (text.empty() && line.starts_with("Cuda failure: ")) text = line;
    if (text.empty() && line.starts_with("Cannot find any available devices")) text = line;
    if (!text.empty() && std::find(lines.begin(), lines.end(), text) == lines.end())
      lines.push_back(std::move(text));
  });
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (size_t i = 0; i < std::min(lines.size(), kMostLines); ++i)
    text += (text.empty() ? "" : "; ") + lines[i];
  if (text.size() > kLongestText) text = text.substr(0, kLongestText) + "...";
  return text;
}

Error Explain(const std::vector<std::string>& lines, const std::string& ending) {
  for (const KnownFailure& known : kKnown)
    for (const std::string& line : lines)
      if (line.find(known.sign) != std::string::npos)
        return {known.code, std::string(known.message) + ": " + Joined({line}),
                std::string(known.hint), false};
  if (lines.empty())
    return Unavailable("trtexec failed (" + ending + ") and says nothing of the reason");
  return Unavailable("trtexec failed (" + ending + "): " + Joined(lines));
}

}  // namespace

Status CheckTrtexec(const ExitStatus& status, std::string_view log) {
  if (status.ok() && SaysPassed(log)) return OkStatus();
  // The kernel's out-of-memory killer; on a Jetson the GPU's memory is the system's.
  constexpr int kKillSignal = 9;
  if (status.signal == kKillSignal)
    return Unavailable("trtexec was killed, as the system does when memory ends",
                       "end other programs (the desktop too), add swap, or use a smaller batch");
  const std::string ending = status.ok() ? "it ended without saying PASSED" : status.ToString();
  return Explain(ErrorLines(log), ending);
}

}  // namespace edgeopt::runtimes::tensorrt
