// The trtexec of this machine: found, its version read, run to its end.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtimes/tensorrt/engine_key.h"
#include "runtimes/tensorrt/trtexec_version.h"

namespace edgeopt::runtimes::tensorrt {

// SessionOptions::go_on.
using GoOn = std::function<bool()>;

class Trtexec {
 public:
  // That path, or where it usually is (TrtexecCandidates). Unavailable when there is none;
  // BadInput and Unsupported as ParseTrtexecVersion has them.
  static Result<Trtexec> Find(const std::string& explicit_path = {});

  const std::string& path() const { return path_; }
  const Version& version() const { return version_; }

  // Runs it: both streams, or what CheckTrtexec says of them. Interrupted when `go_on` says no,
  // Unavailable after `limit`; it is killed then.
  Result<std::string> Run(const std::vector<std::string>& command, const GoOn& go_on,
                          std::chrono::seconds limit) const;

  // The GPU that it uses. trtexec has no option that only tells it: it is asked for an engine that
  // does not exist, and describes the GPU before it fails.
  Result<Gpu> AskGpu(const GoOn& go_on) const;

 private:
  Trtexec(std::string path, Version version) : path_(std::move(path)), version_(version) {}
  std::string path_;
  Version version_;
};

}  // namespace edgeopt::runtimes::tensorrt
