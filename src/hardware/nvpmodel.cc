#include "hardware/nvpmodel.h"

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

constexpr std::string_view kModeLine = "NV Power Mode:";
constexpr std::string_view kErrorMark = "NVPM ERROR";

// The lines of a mode's id as nvpmodel numbers them; anything else is no id.
std::optional<int> ParseModeId(std::string_view text) {
  const auto id = ParseInteger(text);
  if (!id || *id < 0 || *id > 1000) return std::nullopt;
  return static_cast<int>(*id);
}

// The first line that holds `mark`, without blanks.
std::string LineWith(std::string_view text, std::string_view mark) {
  for (const std::string_view line : Split(text, '\n'))
    if (line.find(mark) != std::string_view::npos) return std::string(Trimmed(line));
  return {};
}

std::string Quoted(int id) { return "power mode " + std::to_string(id); }

}  // namespace

std::optional<PowerMode> ParsePowerMode(std::string_view output) {
  const auto lines = Split(output, '\n');
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::string_view line = Trimmed(lines[i]);
    if (!line.starts_with(kModeLine)) continue;
    const std::string_view name = Trimmed(line.substr(kModeLine.size()));
    const auto id = ParseModeId(Trimmed(lines[i + 1]));
    if (id && !name.empty()) return PowerMode{*id, std::string(name)};
  }
  return std::nullopt;
}

std::vector<PowerMode> ParsePowerModes(std::string_view config) {
  std::vector<PowerMode> modes;
  for (const std::string_view raw : Split(config, '\n')) {
    const std::string_view line = Trimmed(raw);
    if (!line.starts_with('<') || line.find("POWER_MODEL") == std::string_view::npos) continue;
    std::optional<int> id;
    std::string_view name;
    for (const std::string_view word : Split(line, ' ')) {
      if (word.starts_with("ID=")) id = ParseModeId(word.substr(3));
      if (word.starts_with("NAME=")) name = word.substr(5);
    }
    if (id && !name.empty()) modes.push_back({*id, std::string(name)});
  }
  return modes;
}

std::vector<PowerMode> ReadPowerModes(const std::filesystem::path& root) {
  return ParsePowerModes(ReadText(root / "etc/nvpmodel.conf").value_or(""));
}

Result<PowerMode> QueryPowerMode(const Programs& programs) {
  EDGEOPT_TRY(const CommandOutput answer, RunProgram(programs, "nvpmodel", {"-q"}));
  if (const auto mode = ParsePowerMode(answer.out)) return *mode;
  return Unavailable("'nvpmodel -q' does not tell the power mode: " + LastWords(answer),
                     "run it by hand on the board");
}

Status SetPowerMode(const Programs& programs, int id) {
  const auto before = QueryPowerMode(programs);
  if (before.ok() && before->id == id) return OkStatus();
  EDGEOPT_TRY(const CommandOutput answer,
              RunProgram(programs, "nvpmodel", {"-m", std::to_string(id)},
                         {.limit = std::chrono::seconds(60), .as_root = true}));
  const std::string said = answer.out + "\n" + answer.err;
  const auto after = QueryPowerMode(programs);
  const bool holds = after.ok() && after->id == id;
  if (holds && answer.status.ok() && said.find(kErrorMark) == std::string::npos) return OkStatus();
  const std::string by_hand = "'sudo nvpmodel -m " + std::to_string(id) + "'";
  if (said.find("REBOOT") != std::string::npos || said.find("eboot") != std::string::npos)
    return Unavailable(Quoted(id) + " needs a restart of the board",
                       "run " + by_hand + " there, let it restart, then try again");
  std::string why = LineWith(said, kErrorMark);
  if (why.empty() && !answer.status.ok()) why = LastWords(answer);
  if (why.empty() && after.ok())
    why = "nvpmodel still says " + std::to_string(after->id) + " (" + after->name + ")";
  if (why.empty()) why = after.error().message;
  return Unavailable(
      "can't set " + Quoted(id) + ": " + why,
      "the modes are listed in /etc/nvpmodel.conf; " + by_hand + " shows what is wrong");
}

}  // namespace edgeopt::hardware
