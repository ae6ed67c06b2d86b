#include "runtimes/tensorrt/engine_key.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/hash.h"
#include "runtimes/tensorrt/exported_json.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using nlohmann::json;

constexpr size_t kHashDigits = 16;

// Two numbers and a point, nothing else.
std::optional<std::pair<int, int>> ParsePair(std::string_view text) {
  int major = 0, minor = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc() || second.ptr != end || major < 0 || minor < 0) return std::nullopt;
  return std::pair{major, minor};
}

std::string Capability(const Gpu& gpu) {
  return std::to_string(gpu.capability_major) + "." + std::to_string(gpu.capability_minor);
}

std::string Describe(const Gpu& gpu) {
  return "'" + gpu.name + "' (compute capability " + Capability(gpu) + ", " +
         std::to_string(gpu.multiprocessors) + " multiprocessors)";
}

// Letters and digits in lower case; whatever else is one '-'.
std::string Slug(const std::string& name) {
  std::string slug;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      slug += static_cast<char>(upper ? c - 'A' + 'a' : c);
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  constexpr size_t kLongestSlug = 40;
  return slug.empty() ? "gpu" : slug.substr(0, kLongestSlug);
}

std::string Prefix(const Version& version, const Gpu& gpu) {
  return "trt" + version.ToString() + "-sm" + std::to_string(gpu.capability_major) +
         std::to_string(gpu.capability_minor) + "-" + std::to_string(gpu.multiprocessors) + "-" +
         Slug(gpu.name);
}

// The arguments that decide what the engine is; where files lie does not.
json BuildArguments(const EngineKey& key) {
  BuildOptions options = key.options;
  options.trtexec = "trtexec";
  options.onnx_path = "model";
  options.engine_path = "engine";
  options.timing_cache_path.clear();
  options.layer_info_path.clear();
  const auto command = BuildCommand(key.version, options);
  // What can't be built has no engine, so its name does not matter.
  return command.ok() ? json(*command) : json::array({command.error().message});
}

json KeyDocument(const EngineKey& key) {
  return {{"tensorrt", key.version.ToString()},        {"gpu", key.gpu.name},
          {"compute_capability", Capability(key.gpu)}, {"multiprocessors", key.gpu.multiprocessors},
          {"model_sha256", key.model_sha256},          {"build", BuildArguments(key)}};
}

std::string Dump(const json& document) {
  return document.dump(2, ' ', false, json::error_handler_t::replace);
}

// The rest of the first line that holds the label.
std::optional<std::string> LabelledLine(std::string_view log, std::string_view label) {
  const size_t at = log.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = log.substr(at + label.size());
  rest = rest.substr(0, rest.find('\n'));
  while (!rest.empty() && (rest.back() == '\r' || rest.back() == ' ')) rest.remove_suffix(1);
  return std::string(rest);
}

}  // namespace

std::optional<Gpu> FindGpu(std::string_view log) {
  const auto name = LabelledLine(log, "[I] Selected Device: ");
  const auto capability = LabelledLine(log, "[I] Compute Capability: ");
  const auto multiprocessors = LabelledLine(log, "[I] SMs: ");
  const auto pair = capability ? ParsePair(*capability) : std::nullopt;
  const auto count = multiprocessors ? ParsePair("0." + *multiprocessors) : std::nullopt;
  if (!name || name->empty() || !pair || !count) return std::nullopt;
  return Gpu{*name, pair->first, pair->second, count->second};
}

std::string EngineFileName(const EngineKey& key) {
  const std::string text = Dump(KeyDocument(key));
  const std::string hash = Sha256Hex(std::as_bytes(std::span(text.data(), text.size())));
  return Prefix(key.version, key.gpu) + "-" + hash.substr(0, kHashDigits) + ".engine";
}

std::string TimingCacheFileName(const Version& version, const Gpu& gpu) {
  return Prefix(version, gpu) + ".timing";
}

std::string ToJson(const EngineKey& key) { return Dump(KeyDocument(key)) + "\n"; }

Result<EngineOrigin> ParseOrigin(std::string_view text) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto version = ParseVersion(TextOf(document, "tensorrt"));
  const auto capability = ParsePair(TextOf(document, "compute_capability"));
  EngineOrigin origin;
  origin.gpu.name = TextOf(document, "gpu");
  origin.model_sha256 = TextOf(document, "model_sha256");
  const json* count = Member(document, "multiprocessors");
  if (!version || !capability || origin.gpu.name.empty() || origin.model_sha256.empty() ||
      count == nullptr || !count->is_number_integer())
    return BadInput("the file beside the engine does not say what the engine was built with",
                    "build the engine again on the device");
  origin.version = *version;
  std::tie(origin.gpu.capability_major, origin.gpu.capability_minor) = *capability;
  origin.gpu.multiprocessors = count->get<int>();
  return origin;
}

Status CheckOrigin(const EngineOrigin& origin, const Version& version, const Gpu& gpu) {
  const std::string rebuild = "build it on this device from the ONNX file";
  if (origin.version != version)
    return Unsupported("the engine was built by TensorRT " + origin.version.ToString() +
                           ", this device has " + version.ToString(),
                       rebuild);
  if (origin.gpu != gpu)
    return Unsupported("the engine was built for the GPU " + Describe(origin.gpu) +
                           ", this device has " + Describe(gpu),
                       rebuild);
  return OkStatus();
}

std::optional<Version> VersionInEngine(std::span<const std::byte> first_bytes) {
  constexpr size_t kVersionAt = 24;
  constexpr std::byte kStart[] = {std::byte{'f'}, std::byte{'t'}, std::byte{'r'}, std::byte{'t'},
                                  std::byte{0},   std::byte{0},   std::byte{0},   std::byte{0}};
  if (first_bytes.size() < kVersionAt + 4 ||
      !std::equal(std::begin(kStart), std::end(kStart), first_bytes.begin()))
    return std::nullopt;
  const auto number = [&](size_t i) { return static_cast<int>(first_bytes[kVersionAt + i]); };
  return Version{number(0), number(1), number(2)};
}

}  // namespace edgeopt::runtimes::tensorrt
