#include "hardware/tegrastats.h"

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

// Words between blanks; what stands in brackets is one word with what touches it.
std::vector<std::string_view> WordsOfLine(std::string_view line) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= line.size(); ++i) {
    const char c = i < line.size() ? line[i] : ' ';
    if (c == '[' || c == '(') ++depth;
    if ((c == ']' || c == ')') && depth > 0) --depth;
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank || (depth > 0 && i < line.size())) continue;
    if (i > begin) words.push_back(line.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

// What stands before `mark`, which must be there; `text` is then what stands behind it.
std::optional<std::string_view> Take(std::string_view& text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return taken;
}

// "20642/62817MB"
void ParseRam(std::string_view word, Tegrastats& stats) {
  const auto used = Take(word, "/");
  const auto total = Take(word, "MB");
  if (!used || !total) return;
  stats.ram_used_mb = ParseInteger(*used);
  stats.ram_total_mb = ParseInteger(*total);
}

// "[23%@2201,off]", or "[23%,off]@2201" with one clock for all.
void ParseCpus(std::string_view word, Tegrastats& stats) {
  if (!word.starts_with('[')) return;
  word.remove_prefix(1);
  const auto list = Take(word, "]");
  if (!list) return;
  const auto common = word.starts_with('@') ? ParseInteger(word.substr(1)) : std::nullopt;
  for (std::string_view part : Split(*list, ',')) {
    CpuLoad cpu;
    part = Trimmed(part);
    if (const auto load = Take(part, "%")) {
      cpu.load_percent = ParseInteger(*load);
      cpu.mhz = part.starts_with('@') ? ParseInteger(part.substr(1)) : common;
      cpu.online = cpu.load_percent.has_value();
    }
    stats.cpus.push_back(cpu);
  }
}

// "42%", "10%@1300", "12%@[1300,1300]", "@[1000,1000]"
void ParseGpu(std::string_view word, Tegrastats& stats) {
  if (const auto load = Take(word, "%")) stats.gpu_load_percent = ParseInteger(*load);
  if (!word.starts_with('@')) return;
  word.remove_prefix(1);
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  for (const std::string_view part : Split(word, ','))
    if (const auto mhz = ParseInteger(Trimmed(part))) stats.gpu_mhz.push_back(*mhz);
}

// "cpu@52.968C", "cpu@52.968C/61.75C": the first is now.
bool ParseZone(std::string_view word, Tegrastats& stats) {
  const auto name = Take(word, "@");
  const auto value = Take(word, "C");
  if (!name || name->empty() || !value) return false;
  const auto celsius = ParseNumber(*value);
  if (!celsius) return false;
  // A sensor that is off tells -256.
  if (*celsius > -100 && *celsius < 250) stats.temperatures_c[std::string(*name)] = *celsius;
  return true;
}

// "5139mW/5139mW", with a third value, or alone; without units where there are two ("5336/4970").
std::optional<RailPower> ParseRail(std::string_view word) {
  const auto parts = Split(word, '/');
  if (parts.size() > 3) return std::nullopt;
  std::vector<double> values;
  for (std::string_view part : parts) {
    if (part.ends_with("mW"))
      part.remove_suffix(2);
    else if (parts.size() == 1)
      return std::nullopt;
    const auto value = ParseNumber(part);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  RailPower rail{values[0], std::nullopt, std::nullopt};
  if (values.size() > 1) rail.average_mw = values[1];
  if (values.size() > 2) rail.peak_mw = values[2];
  return rail;
}

}  // namespace

std::optional<Tegrastats> ParseTegrastats(std::string_view line) {
  Tegrastats stats;
  const auto words = WordsOfLine(line);
  for (size_t i = 0; i < words.size(); ++i) {
    if (ParseZone(words[i], stats) || i + 1 == words.size()) continue;
    const std::string_view name = words[i], value = words[i + 1];
    if (name == "RAM")
      ParseRam(value, stats);
    else if (name == "CPU")
      ParseCpus(value, stats);
    else if (name == "GR3D_FREQ" || name == "GR3D")
      ParseGpu(value, stats);
    else if (const auto rail = ParseRail(value))
      stats.rails[std::string(name)] = *rail;
    else
      continue;
    ++i;
  }
  const bool any = stats.ram_used_mb || !stats.cpus.empty() || stats.gpu_load_percent ||
                   !stats.gpu_mhz.empty() || !stats.temperatures_c.empty() || !stats.rails.empty();
  if (!any) return std::nullopt;
  return stats;
}

}  // namespace edgeopt::hardware
