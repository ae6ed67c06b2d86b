#include "hardware/vcgencmd.h"

#include <charconv>

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

constexpr std::string_view kThrottleNames[] = {"under-voltage", "frequency capped", "throttled",
                                               "soft temperature limit"};

// What vcgencmd answered; empty when it did not.
std::string Ask(const Programs& programs, std::vector<std::string> question) {
  const auto answer =
      RunProgram(programs, "vcgencmd", std::move(question), {.limit = std::chrono::seconds(2)});
  return answer.ok() && answer->status.ok() ? answer->out : std::string();
}

// The text behind `prefix` and before `suffix`, where the whole has that form.
std::optional<std::string_view> Between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix) {
  text = Trimmed(text);
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (!text.ends_with(suffix)) return std::nullopt;
  text.remove_suffix(suffix.size());
  return text;
}

// "VDD_CORE_A current(7)=0.81262990A" with `kind` " current(" and unit 'A': the value, and the
// rail's name in `rail`.
std::optional<double> PmicValue(std::string_view line, std::string_view kind, char unit,
                                std::string& rail) {
  const size_t at = line.find(kind);
  const size_t equals = line.find(")=");
  if (at == std::string_view::npos || equals == std::string_view::npos || equals < at ||
      !line.ends_with(unit))
    return std::nullopt;
  std::string_view name = line.substr(0, at);
  const char suffix[] = {'_', unit, '\0'};
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(2);
  rail = name;
  line.remove_suffix(1);
  return ParseNumber(line.substr(equals + 2));
}

}  // namespace

std::optional<uint32_t> ParseThrottled(std::string_view output) {
  const auto digits = Between(output, "throttled=0x", "");
  if (!digits) return std::nullopt;
  uint32_t bits = 0;
  const char* end = digits->data() + digits->size();
  const auto parsed = std::from_chars(digits->data(), end, bits, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return bits;
}

std::vector<std::string> ThrottleNames(uint32_t bits) {
  std::vector<std::string> names;
  for (const int shift : {0, 16})
    for (size_t i = 0; i < std::size(kThrottleNames); ++i)
      if ((bits >> (static_cast<size_t>(shift) + i) & 1) != 0)
        names.push_back(std::string(kThrottleNames[i]) + (shift == 0 ? "" : " since boot"));
  return names;
}

std::optional<double> ParseTemperature(std::string_view output) {
  const auto number = Between(output, "temp=", "'C");
  return number ? ParseNumber(*number) : std::nullopt;
}

std::optional<int64_t> ParseClock(std::string_view output) {
  const auto rest = Between(output, "frequency(", "");
  if (!rest) return std::nullopt;
  const size_t equals = rest->find(")=");
  if (equals == std::string_view::npos) return std::nullopt;
  const auto hertz = ParseInteger(rest->substr(equals + 2));
  return hertz && *hertz > 0 ? hertz : std::nullopt;
}

std::map<std::string, double> ParsePmic(std::string_view output) {
  std::map<std::string, double> amperes, milliwatts;
  std::string rail;
  for (const std::string_view line : Split(output, '\n'))
    if (const auto current = PmicValue(Trimmed(line), " current(", 'A', rail))
      amperes[rail] = *current;
  for (const std::string_view line : Split(output, '\n'))
    if (const auto volts = PmicValue(Trimmed(line), " volt(", 'V', rail))
      if (const auto current = amperes.find(rail); current != amperes.end())
        milliwatts[rail] = *volts * current->second * 1000;
  return milliwatts;
}

std::optional<uint32_t> ReadThrottled(const Programs& programs) {
  return ParseThrottled(Ask(programs, {"get_throttled"}));
}

std::optional<double> ReadFirmwareTemperature(const Programs& programs) {
  return ParseTemperature(Ask(programs, {"measure_temp"}));
}

std::optional<int64_t> ReadArmClock(const Programs& programs) {
  return ParseClock(Ask(programs, {"measure_clock", "arm"}));
}

std::map<std::string, double> ReadPmic(const Programs& programs) {
  return ParsePmic(Ask(programs, {"pmic_read_adc"}));
}

}  // namespace edgeopt::hardware
