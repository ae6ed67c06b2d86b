#include "measure/fitting_inputs.h"

#include <algorithm>
#include <set>

#include "measure/random_inputs.h"

namespace edgeopt::measure {
namespace {

using runtimes::TensorSpec;

// Usual image sides first, then what windows and strides ask for; 1 last, for axes that are
// squeezed away.
constexpr int64_t kImageSizes[] = {224, 256, 320, 640, 64, 48, 32, 16, 1};
// Powers of two pass most strides and reflecting pads; 576 is a speech window of 512 with its
// context; 16000 one second of speech.
constexpr int64_t kOtherSizes[] = {16, 32, 64, 128, 256, 512, 576, 1024, 2048, 4096, 16000, 1};
// A try must not exhaust the memory: 16 MB of float32 per input.
constexpr int64_t kMaxTriedElements = int64_t{1} << 22;

bool LooksLikeImage(const TensorSpec& spec) {
  if (spec.dims.size() != 4) return false;
  const auto is_channels = [](int64_t n) { return n == 1 || n == 3 || n == 4; };
  return (is_channels(spec.dims[1]) && spec.dims[2] < 0 && spec.dims[3] < 0) ||
         (is_channels(spec.dims[3]) && spec.dims[1] < 0 && spec.dims[2] < 0);
}

std::string SymbolOf(const TensorSpec& spec, size_t axis) {
  return axis < spec.symbols.size() ? spec.symbols[axis] : "";
}

// The dimensions of free size, as RandomInputOptions calls them; batch axes are not among them.
std::set<std::string> FreeDimensions(std::span<const TensorSpec> specs) {
  std::set<std::string> batch, free;
  for (const TensorSpec& spec : specs)
    if (!spec.dims.empty() && spec.dims[0] < 0) batch.insert(SymbolOf(spec, 0));
  for (const TensorSpec& spec : specs) {
    for (size_t axis = 1; axis < spec.dims.size(); ++axis) {
      if (spec.dims[axis] >= 0) continue;
      const std::string symbol = SymbolOf(spec, axis);
      if (symbol.empty())
        free.insert(spec.name + ":" + std::to_string(axis));
      else if (!batch.contains(symbol))
        free.insert(symbol);
    }
  }
  return free;
}

bool IsSmall(std::span<const TensorSpec> specs, int64_t size) {
  return std::all_of(specs.begin(), specs.end(), [size](const TensorSpec& spec) {
    double count = 1;
    for (size_t axis = 1; axis < spec.dims.size(); ++axis)
      count *= static_cast<double>(spec.dims[axis] < 0 ? size : spec.dims[axis]);
    return count <= static_cast<double>(kMaxTriedElements);
  });
}

}  // namespace

Result<std::vector<ir::Tensor>> FittingInputs(std::span<const TensorSpec> specs,
                                              const TryInputs& run) {
  const std::set<std::string> free = FreeDimensions(specs);
  std::span<const int64_t> sizes = kOtherSizes;
  if (std::any_of(specs.begin(), specs.end(), LooksLikeImage)) sizes = kImageSizes;
  Status first = OkStatus();
  for (const int64_t size : sizes) {
    if (!free.empty() && !IsSmall(specs, size)) continue;
    RandomInputOptions options;
    for (const std::string& name : free) options.sizes[name] = size;
    EDGEOPT_TRY(auto inputs, RandomInputs(specs, options));
    const Status ran = run(inputs);
    if (ran.ok()) return inputs;
    if (first.ok()) first = ran;
    if (free.empty()) break;
  }
  if (first.ok())
    return BadInput("no size of the dynamic dimensions gives inputs small enough to try");
  return first.error();
}

std::string DescribeShapes(std::span<const ir::Tensor> inputs) {
  std::string text;
  for (const ir::Tensor& input : inputs)
    text += (text.empty() ? "" : ", ") + input.name + " " + ir::ToString(input.dims());
  return text;
}

}  // namespace edgeopt::measure
