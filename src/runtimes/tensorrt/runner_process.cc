#include "runtimes/tensorrt/runner_process.h"

#include "base/file.h"
#include "base/hash.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kSourceHashDigits = 16;
constexpr milliseconds kLookEvery(200), kPatienceWithDead(5000);
constexpr std::chrono::minutes kAnswerLimit(10);
constexpr size_t kKeptWords = 400;

std::string ProgramName(const Version& version) {
  std::string text(RunnerSource());
  for (const std::string& word : RunnerCompileCommand("source", "program")) text += "\n" + word;
  return "tensorrt_runner-" + version.ToString() + "-" +
         Sha256Hex(std::as_bytes(std::span(text))).substr(0, kSourceHashDigits);
}

// NV_TENSORRT_VERSION, which changed its form with 10.0 (trtexec_version.h).
int64_t LibraryNumber(const Version& version) {
  const int64_t major = version.major < 10 ? 1000 : 10000;
  return major * version.major + 100 * version.minor + version.patch;
}

// The first line of a compiler's or linker's output that names an error, else the first.
std::string FirstError(const std::string& text) {
  size_t at = text.find("error");
  if (at == std::string::npos) at = text.find("cannot find");
  if (at == std::string::npos) at = 0;
  return text.substr(at, std::min(text.find('\n', at), at + kKeptWords) - at);
}

}  // namespace

Result<fs::path> CompileRunner(const Version& version, const fs::path& folder) {
  const fs::path program = folder / ProgramName(version);
  std::error_code error;
  if (fs::exists(program, error)) return program;
  fs::create_directories(folder, error);
  EDGEOPT_TRY(const TemporaryFolder work, TemporaryFolder::Create(folder));
  const fs::path source = work.path() / "tensorrt_runner.cpp", made = work.path() / "runner";
  EDGEOPT_CHECK_OK(WriteFile(source, RunnerSource()));
  std::vector<std::string> command = RunnerCompileCommand(source, made);
  auto compiled = RunCommand(command);
  if (!compiled.ok()) {
    command[0] = "c++";
    compiled = RunCommand(command);
  }
  if (!compiled.ok()) return Unavailable("there is no C++ compiler (g++)");
  if (!compiled->status.ok())
    return Unavailable("the runner does not compile: " + FirstError(compiled->err));
  fs::rename(made, program, error);
  if (error) return CantWrite("can't keep '" + program.string() + "': " + error.message());
  return program;
}

Result<RunnerProcess> RunnerProcess::Start(const fs::path& program, const fs::path& engine,
                                           const Version& version, std::optional<int> dla_core,
                                           const GoOn& go_on) {
  std::vector<std::string> argv = {program.string(), engine.string()};
  if (dla_core) argv.push_back(std::to_string(*dla_core));
  EDGEOPT_TRY(Subprocess process, Subprocess::Start({.argv = std::move(argv)}));
  RunnerProcess runner(std::move(process));
  EDGEOPT_TRY(RunnerMessage message, runner.Next(go_on));
  auto* ready = std::get_if<RunnerReady>(&message);
  if (ready == nullptr) return BadInput("the runner's first message is not the engine's");
  if (ready->library_version != LibraryNumber(version))
    return Unavailable("the runner is linked to TensorRT " +
                       std::to_string(ready->library_version) + ", trtexec is of " +
                       std::to_string(LibraryNumber(version)));
  runner.ready_ = std::move(*ready);
  return runner;
}

Result<RunnerMessage> RunnerProcess::Next(const GoOn& go_on) {
  const auto deadline = steady_clock::now() + kAnswerLimit;
  while (true) {
    std::string_view rest = received_;
    EDGEOPT_TRY(auto message, TakeMessage(rest));
    if (message) {
      received_.erase(0, received_.size() - rest.size());
      return *std::move(message);
    }
    const auto more = process_.Read(kLookEvery);
    if (more.ok() && more->empty()) {
      const auto status = process_.Wait(kPatienceWithDead);
      return Unavailable("the runner ended (" +
                         (status.ok() ? status->ToString() : std::string("no exit status")) +
                         "): " + FirstError(process_.error_output()));
    }
    if (more.ok()) received_ += *more;
    if (go_on && !go_on()) return Interrupted();
    if (steady_clock::now() >= deadline)
      return Unavailable("the runner gave no answer within " +
                         std::to_string(kAnswerLimit.count()) + " minutes");
  }
}

Result<std::vector<ir::Tensor>> RunnerProcess::Run(std::span<const ir::Tensor> inputs,
                                                   const GoOn& go_on) {
  EDGEOPT_TRY(const std::string request, EncodeRun(inputs));
  // What it says of a request that it ends at tells more than the broken pipe.
  (void)process_.Write(request);
  EDGEOPT_TRY(RunnerMessage message, Next(go_on));
  auto* answer = std::get_if<RunnerOutputs>(&message);
  if (answer == nullptr) return BadInput("the runner answered a batch with something else");
  return std::move(answer->outputs);
}

}  // namespace edgeopt::runtimes::tensorrt
