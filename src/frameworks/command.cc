#include "frameworks/command.h"

#include <csignal>

namespace edgeopt::frameworks {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick(200);

bool Cancelled(const Command& command) {
  return command.cancel != nullptr && command.cancel->cancelled();
}

Error Late(const Command& command) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(command.limit).count();
  return Unavailable("'" + command.argv[0] + "' was not done after " +
                     (minutes > 0 ? std::to_string(minutes) + " minutes"
                                  : std::to_string(command.limit.count()) + " ms"));
}

}  // namespace

Result<CommandEnd> RunToEnd(Command command) {
  const auto deadline = steady_clock::now() + command.limit;
  EDGEOPT_TRY(Subprocess child,
              Subprocess::Start({.argv = command.argv,
                                 .environment = command.environment,
                                 .working_folder = command.working_folder.string()}));
  child.CloseInput();
  CommandEnd end;
  bool reading = true;
  while (true) {
    if (reading) {
      const auto text = child.Read(kTick);
      if (text.ok()) end.out += *text;
      reading = !text.ok() || !text->empty();
    }
    if (const auto status = child.Wait(reading ? milliseconds(0) : kTick); status.ok()) {
      end.status = *status;
      break;
    }
    if (Cancelled(command)) return Interrupted();
    if (steady_clock::now() >= deadline) return Late(command);
    if (command.tick) command.tick();
  }
  if (const auto rest = child.Read(milliseconds(0)); rest.ok()) end.out += *rest;
  // Ctrl-C goes to all processes of a terminal, and reaches this one's handler at its leisure.
  if (Cancelled(command) || end.status.signal == SIGINT) return Interrupted();
  end.output = end.out + child.error_output();
  return end;
}

std::string LastError(const std::string& output) {
  constexpr size_t kMaxBytes = 600;
  size_t begin = output.rfind("error:");
  if (begin == std::string::npos) begin = output.rfind("ERROR:");
  if (begin == std::string::npos) begin = output.size() - std::min(output.size(), kMaxBytes);
  std::string line;
  bool space = false;
  for (const char c : output.substr(begin)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F) {
      space = !line.empty();
      continue;
    }
    if (std::exchange(space, false)) line += ' ';
    line += c;
  }
  if (line.size() > kMaxBytes) line = line.substr(0, kMaxBytes) + "...";
  return line;
}

}  // namespace edgeopt::frameworks
