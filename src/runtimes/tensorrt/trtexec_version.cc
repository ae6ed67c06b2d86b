#include "runtimes/tensorrt/trtexec_version.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace edgeopt::runtimes::tensorrt {
namespace {

constexpr std::string_view kBanner = "&&&& RUNNING TensorRT.trtexec";
constexpr std::string_view kNumber = "[TensorRT v";

// The banner's line, without what comes behind it: the command line may hold anything.
std::optional<std::string_view> BannerOf(std::string_view output) {
  for (size_t start = 0; start < output.size();) {
    const size_t end = std::min(output.find('\n', start), output.size());
    const std::string_view line = output.substr(start, end - start);
    if (line.starts_with(kBanner)) return line.substr(0, line.find(" # "));
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<Version> FromNumber(int64_t number) {
  // 8.6.2 is 8602, 10.0.0 is 100000: nothing lies between 9.9.99 and 10.0.0.
  if (number < 1000 || (number > 9999 && number < 100000) || number > 999999) return std::nullopt;
  const int64_t scale = number < 10000 ? 1000 : 10000;
  return Version{static_cast<int>(number / scale), static_cast<int>(number % scale / 100),
                 static_cast<int>(number % 100)};
}

}  // namespace

std::string Version::ToString() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::optional<Version> ParseVersion(std::string_view text) {
  int numbers[3] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    const auto parsed = std::from_chars(at, end, numbers[i]);
    if (parsed.ec != std::errc() || numbers[i] < 0) return std::nullopt;
    at = parsed.ptr;
  }
  if (at != end) return std::nullopt;
  return Version{numbers[0], numbers[1], numbers[2]};
}

std::vector<std::string> TrtexecCandidates(const std::string& explicit_path) {
  if (!explicit_path.empty()) return {explicit_path};
  return {"trtexec", "/usr/src/tensorrt/bin/trtexec"};
}

Result<Version> ParseTrtexecVersion(std::string_view output) {
  const auto banner = BannerOf(output);
  if (!banner)
    return BadInput("what the program printed has no line '" + std::string(kBanner) + "'",
                    "name TensorRT's own trtexec; on a Jetson it is in /usr/src/tensorrt/bin, from "
                    "the package libnvinfer-bin");
  const size_t at = banner->find(kNumber);
  if (at == std::string_view::npos)
    return Unsupported(
        "this trtexec does not say its version, so it is older than 8.2",
        "TensorRT " + kOldestVersion.ToString() + " is the oldest that works; update JetPack");
  const std::string_view text = banner->substr(at + kNumber.size());
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool closed = parsed.ptr != text.data() + text.size() && *parsed.ptr == ']';
  const auto version =
      parsed.ec == std::errc() && closed ? FromNumber(number) : std::optional<Version>();
  if (!version)
    return BadInput("trtexec's version '" + std::string(text.substr(0, text.find(']'))) +
                    "' is no number such as 8602 or 100300");
  if (*version < kOldestVersion)
    return Unsupported("trtexec is of TensorRT " + version->ToString() + ", older than " +
                           kOldestVersion.ToString(),
                       "update JetPack (6.0 brings 8.6, 6.1 brings 10.3)");
  return *version;
}

}  // namespace edgeopt::runtimes::tensorrt
