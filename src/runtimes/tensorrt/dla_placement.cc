#include "runtimes/tensorrt/dla_placement.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using nlohmann::json;

constexpr std::string_view kDlaHeading = "--- Layers Running on DLA ---";
constexpr std::string_view kGpuHeading = "--- Layers Running on GPU ---";
constexpr std::string_view kDlaMark = "[DlaLayer] ", kGpuMark = "[GpuLayer] ";
// What TensorRT adds between formats; not a layer of the model.
constexpr std::string_view kCopy = "Reformatting CopyNode";

// What stands behind the mark; empty when the line has none.
std::string NameBehind(std::string_view line, std::string_view mark) {
  const size_t at = line.find(mark);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + mark.size());
  while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
  return std::string(line);
}

bool IsTexts(const json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const json& item) { return item.is_string(); });
}

}  // namespace

DlaPlacement PlacementInLog(std::string_view log, int core) {
  DlaPlacement placement;
  placement.core = core;
  for (size_t start = 0; start < log.size();) {
    const size_t end = std::min(log.find('\n', start), log.size());
    const std::string_view line = log.substr(start, end - start);
    start = end + 1;
    if (line.find(kDlaHeading) != std::string_view::npos) {
      placement.known = true;
      placement.on_dla.clear();
    } else if (line.find(kGpuHeading) != std::string_view::npos) {
      placement.known = true;
      placement.on_gpu.clear();
    } else if (std::string name = NameBehind(line, kDlaMark); !name.empty()) {
      placement.on_dla.push_back(std::move(name));
    } else if (name = NameBehind(line, kGpuMark);
               !name.empty() && name.find(kCopy) == std::string::npos) {
      placement.on_gpu.push_back(std::move(name));
    }
  }
  if (!placement.known) placement.on_dla = placement.on_gpu = {};
  return placement;
}

std::string ToJson(const DlaPlacement& placement) {
  json document = json::object();
  if (placement.known) document = {{"dla", placement.on_dla}, {"gpu", placement.on_gpu}};
  return document.dump(2, ' ', false, json::error_handler_t::replace);
}

DlaPlacement ReadPlacement(const std::filesystem::path& file, int core) {
  DlaPlacement placement;
  placement.core = core;
  const auto text = ReadFile(file);
  if (!text.ok()) return placement;
  const json document = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("dla") || !document.contains("gpu") ||
      !IsTexts(document["dla"]) || !IsTexts(document["gpu"]))
    return placement;
  placement.known = true;
  document["dla"].get_to(placement.on_dla);
  document["gpu"].get_to(placement.on_gpu);
  return placement;
}

}  // namespace edgeopt::runtimes::tensorrt
