#include "runtimes/tensorrt/trtexec.h"

#include "base/subprocess.h"
#include "runtimes/tensorrt/trtexec_log.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::minutes kHelpLimit(1), kGpuLimit(5);
constexpr milliseconds kAskEvery(200);
// The reason of a failure is at a log's end, and a log that is not verbose is far shorter.
constexpr size_t kKeptLogBytes = 4 << 20;

struct Finished {
  ExitStatus status;
  std::string log;  // both streams
};

Result<Finished> RunWatched(const std::vector<std::string>& command, const GoOn& go_on,
                            std::chrono::seconds limit) {
  const auto deadline = steady_clock::now() + limit;
  EDGEOPT_TRY(Subprocess child, Subprocess::Start({.argv = command}));
  child.CloseInput();
  Finished finished;
  while (true) {
    const auto text = child.Read(kAskEvery);
    if (text.ok() && text->empty()) break;
    if (text.ok()) finished.log += *text;
    if (finished.log.size() > kKeptLogBytes)
      finished.log.erase(0, finished.log.size() - kKeptLogBytes);
    if (go_on && !go_on()) return Interrupted();
    if (steady_clock::now() >= deadline)
      return Unavailable("trtexec did not end within " + std::to_string(limit.count()) +
                         " s and was killed");
  }
  EDGEOPT_TRY(finished.status, child.Wait(std::chrono::minutes(1)));
  finished.log += "\n" + child.error_output();
  return finished;
}

}  // namespace

Result<Trtexec> Trtexec::Find(const std::string& explicit_path) {
  std::string tried;
  for (const std::string& path : TrtexecCandidates(explicit_path)) {
    const auto help = RunWatched({path, "--help"}, {}, kHelpLimit);
    tried += (tried.empty() ? "'" : ", '") + path + "'";
    if (!help.ok() && help.error().message.starts_with("can't start")) continue;
    if (!help.ok()) return help.error();
    const auto version = ParseTrtexecVersion(help->log);
    if (!version.ok()) return version.error().Within("'" + path + "'");
    return Trtexec(path, *version);
  }
  return Unavailable("TensorRT's trtexec is not there; tried " + tried,
                     "on a Jetson: sudo apt install libnvinfer-bin; name another one with "
                     "--runtime tensorrt:trtexec=PATH");
}

Result<std::string> Trtexec::Run(const std::vector<std::string>& command, const GoOn& go_on,
                                 std::chrono::seconds limit) const {
  EDGEOPT_TRY(Finished finished, RunWatched(command, go_on, limit));
  EDGEOPT_CHECK_OK(CheckTrtexec(finished.status, finished.log));
  return std::move(finished.log);
}

Result<Gpu> Trtexec::AskGpu(const GoOn& go_on) const {
  EDGEOPT_TRY(const Finished finished,
              RunWatched({path_, "--loadEngine=/nonexistent/edgeopt.engine"}, go_on, kGpuLimit));
  if (auto gpu = FindGpu(finished.log)) return *std::move(gpu);
  const Status failed = CheckTrtexec(finished.status, finished.log);
  if (!failed.ok()) return failed.error().Within("trtexec does not tell the GPU");
  return BadInput("trtexec's log does not tell the GPU");
}

}  // namespace edgeopt::runtimes::tensorrt
