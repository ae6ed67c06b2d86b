// edgeopt-agent: `edgeopt agent` as a program of its own, for boards. It takes the same words and
// needs no library but OpenSSL's and zlib, which come with every ssh server: no image decoders, no
// archives, nothing that knows models.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "measure/agent/program_agent.h"

namespace {

using edgeopt::Error;

constexpr char kUsage[] = "usage: edgeopt-agent agent [--store FOLDER] | --version\n";

int Fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  return static_cast<int>(error.code);
}

// As cli/app.cc finds them.
std::filesystem::path Cache() {
  if (const char* cache = std::getenv("EDGEOPT_CACHE")) return cache;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::filesystem::path(home) / ".cache" / "edgeopt";
}

}  // namespace

int main(int argc, char** argv) {
  const auto is = [&](int index, std::string_view word) {
    return index < argc && word == argv[index];
  };
  if (argc == 2 && is(1, "--version")) {
    std::puts("edgeopt " EDGEOPT_VERSION);
    return 0;
  }
  const bool with_store = argc == 4 && is(2, "--store");
  if (!is(1, "agent") || (argc != 2 && !with_store)) {
    std::fputs(kUsage, stderr);
    return static_cast<int>(edgeopt::ErrorCode::kUsage);
  }
  // As in cli/main.cc: nothing is left in the home of a board.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/0);
  std::error_code error;
  edgeopt::measure::AgentPlaces places;
  places.program = std::filesystem::read_symlink("/proc/self/exe", error);
  places.cache = Cache();
  if (const char* library = std::getenv("EDGEOPT_RUNTIME_LIBRARY"))
    places.runtime_library = library;
  if (with_store) places.store = argv[3];
  const auto served =
      edgeopt::measure::RunAgentProcess(edgeopt::measure::ProgramAgent(EDGEOPT_VERSION, places));
  return served.ok() ? 0 : Fail(served.error());
}
