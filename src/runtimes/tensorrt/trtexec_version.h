// Which trtexec a machine has: TensorRT's own command-line tool, which builds engines and times
// them. Pure: what the tool printed in, its version out.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::runtimes::tensorrt {

struct Version {
  int major = 0, minor = 0, patch = 0;
  std::string ToString() const;  // "10.3.0"
  friend auto operator<=>(const Version&, const Version&) = default;
};

// "10.3.0"; nullopt for anything else.
std::optional<Version> ParseVersion(std::string_view text);

// The oldest release whose trtexec edgeopt knows the options and files of (JetPack 5.1 has 8.5,
// JetPack 6.0 has 8.6).
inline constexpr Version kOldestVersion{8, 6, 0};

// Where trtexec is, in the order in which to try: on the PATH, then where JetPack's packages put
// it. A path that the user names is the only one.
std::vector<std::string> TrtexecCandidates(const std::string& explicit_path = {});

// From the output (both streams) of `trtexec --help`, or of any other run: each begins with
//   &&&& RUNNING TensorRT.trtexec [TensorRT v8602] # trtexec ...
//   &&&& RUNNING TensorRT.trtexec [TensorRT v101602] [b10] # trtexec ...
// where the number is NV_TENSORRT_VERSION: 1000 * major + 100 * minor + patch until 9.x, and
// 10000 * major + 100 * minor + patch since (NvInferVersion.h of 8.6, 9.3, 10.0, 11.1). There is no
// --version: it is an unknown option, printed below the same banner.
// BadInput for what trtexec did not print; Unsupported below kOldestVersion.
Result<Version> ParseTrtexecVersion(std::string_view output);

}  // namespace edgeopt::runtimes::tensorrt
