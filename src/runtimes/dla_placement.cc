#include <algorithm>

#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

std::string Describe(const DlaPlacement& placement) {
  constexpr size_t kNamed = 5;
  std::string text = "DLA core " + std::to_string(placement.core) + ": ";
  if (!placement.known) return text + "TensorRT did not tell which layers fell back to the GPU";
  const auto count = [](size_t number, const char* one, const char* many) {
    return std::to_string(number) + " " + (number == 1 ? one : many);
  };
  text += count(placement.on_dla.size(), "part of the model runs", "parts of the model run") +
          " on it; ";
  const std::vector<std::string>& fallen = placement.on_gpu;
  if (fallen.empty()) return text + "no layer fell back to the GPU";
  text += count(fallen.size(), "layer", "layers") + " fell back to the GPU:";
  for (size_t i = 0; i < std::min(fallen.size(), kNamed); ++i)
    text += std::string(i == 0 ? " '" : ", '") + fallen[i] + "'";
  if (fallen.size() > kNamed) text += " and " + std::to_string(fallen.size() - kNamed) + " more";
  return text;
}

}  // namespace edgeopt::runtimes
