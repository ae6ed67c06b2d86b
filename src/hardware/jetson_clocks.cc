#include "hardware/jetson_clocks.h"

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

bool IsCpuName(std::string_view name) {
  return name.starts_with("cpu") && ParseInteger(name.substr(3)).has_value();
}

std::optional<EngineClock> ParseClockLine(std::string_view line) {
  EngineClock clock;
  bool known = false;
  for (const std::string_view word : Split(line, ' ')) {
    if (word.empty()) continue;
    if (clock.name.empty()) {
      clock.name = word.ends_with(':') ? word.substr(0, word.size() - 1) : word;
      continue;
    }
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "Online") clock.online = value != "0";
    if (key == "Governor") clock.governor = value;
    if (key == "MinFreq") clock.min = ParseInteger(value);
    if (key == "MaxFreq") clock.max = ParseInteger(value);
    if (key == "CurrentFreq") clock.current = ParseInteger(value);
    known |= key == "MaxFreq" && clock.max.has_value();
  }
  if (!known) return std::nullopt;
  return clock;
}

// Runs it as root. It ends with exit code 0 behind most of its errors, which all begin "Error".
Result<CommandOutput> RunJetsonClocks(const Programs& programs,
                                      std::vector<std::string> arguments) {
  EDGEOPT_TRY(CommandOutput output,
              RunProgram(programs, "jetson_clocks", std::move(arguments),
                         {.limit = std::chrono::seconds(60), .as_root = true}));
  const std::string said = output.out + "\n" + output.err;
  for (const std::string_view line : Split(said, '\n'))
    if (Trimmed(line).starts_with("Error"))
      return Unavailable("jetson_clocks says: " + std::string(Trimmed(line)));
  if (!output.status.ok())
    return Unavailable("jetson_clocks failed (" + output.status.ToString() +
                       "): " + LastWords(output));
  return output;
}

}  // namespace

std::vector<EngineClock> ParseJetsonClocks(std::string_view output) {
  std::vector<EngineClock> clocks;
  for (const std::string_view line : Split(output, '\n'))
    if (auto clock = ParseClockLine(Trimmed(line))) clocks.push_back(std::move(*clock));
  return clocks;
}

bool ClocksAreLocked(const std::vector<EngineClock>& clocks) {
  bool any = false;
  for (const EngineClock& clock : clocks) {
    if (!clock.online || (!IsCpuName(clock.name) && clock.name != "GPU")) continue;
    if (!clock.min || !clock.max || *clock.min < *clock.max) return false;
    any = true;
  }
  return any;
}

Result<std::vector<EngineClock>> ShowJetsonClocks(const Programs& programs) {
  EDGEOPT_TRY(const CommandOutput output, RunJetsonClocks(programs, {"--show"}));
  auto clocks = ParseJetsonClocks(output.out);
  if (!clocks.empty()) return clocks;
  return Unavailable("'jetson_clocks --show' tells no clocks: " + LastWords(output));
}

Result<std::string> StoreJetsonClocks(const Programs& programs, const std::filesystem::path& file) {
  EDGEOPT_CHECK_OK(RunJetsonClocks(programs, {"--store", file.string()}));
  auto stored = ReadText(file);
  if (stored && !stored->empty()) return std::move(*stored);
  return Unavailable("'jetson_clocks --store' left nothing readable in '" + file.string() + "'");
}

Status LockJetsonClocks(const Programs& programs) {
  EDGEOPT_CHECK_OK(RunJetsonClocks(programs, {}));
  return OkStatus();
}

Status RestoreJetsonClocks(const Programs& programs, const std::filesystem::path& file) {
  EDGEOPT_CHECK_OK(RunJetsonClocks(programs, {"--restore", file.string()}));
  return OkStatus();
}

}  // namespace edgeopt::hardware
