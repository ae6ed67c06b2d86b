#include "hardware/board.h"

#include <algorithm>

#include "base/json_object.h"
#include "hardware/nvpmodel.h"
#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace {

// NVIDIA's JetPack archive, https://developer.nvidia.com/embedded/jetpack-archive: the JetPack that
// brought each L4T (Jetson Linux). 36.4.7 came as an update within JetPack 6.2.1.
constexpr std::pair<std::string_view, std::string_view> kJetPacks[] = {
    {"35.1.0", "5.0.2"}, {"35.2.1", "5.1"},   {"35.3.1", "5.1.1"}, {"35.4.1", "5.1.2"},
    {"35.5.0", "5.1.3"}, {"35.6.0", "5.1.4"}, {"35.6.1", "5.1.5"}, {"36.3.0", "6.0"},
    {"36.4.0", "6.1"},   {"36.4.3", "6.2"},   {"36.4.4", "6.2.1"}, {"36.4.7", "6.2.1"},
    {"36.5.0", "6.2.2"}, {"38.2.0", "7.0"},   {"38.2.1", "7.0"},   {"38.4.0", "7.1"},
    {"39.2.0", "7.2"}};

constexpr std::string_view kBoardPrograms[] = {"nvpmodel", "jetson_clocks", "tegrastats",
                                               "vcgencmd", "trtexec"};
constexpr std::string_view kJetsonPrograms[] = {"nvpmodel", "jetson_clocks", "tegrastats",
                                                "trtexec"};

bool IsDottedNumber(std::string_view text) {
  if (text.empty()) return false;
  for (const std::string_view part : Split(text, '.')) {
    const auto number = ParseInteger(part);
    if (!number || *number < 0) return false;
  }
  return true;
}

// "36.4.3-20250107174145", or empty where the package is not installed.
std::string PackageVersion(const Programs& programs) {
  const auto answer =
      RunProgram(programs, "dpkg-query", {"-W", "-f", "${Version}", "nvidia-l4t-core"});
  if (!answer.ok() || !answer->status.ok()) return {};
  return std::string(Trimmed(answer->out));
}

void ReadJetson(const Host& host, Board& board) {
  if (const auto release = ReadText(host.root / "etc/nv_tegra_release"))
    board.l4t = ParseTegraRelease(*release);
  else
    board.missing.push_back("/etc/nv_tegra_release can't be read");
  board.l4t_package = PackageVersion(host.programs);
  if (board.l4t_package.empty())
    board.missing.push_back("package nvidia-l4t-core: dpkg-query does not know it");
  if (board.l4t.empty()) {
    const std::string version = board.l4t_package.substr(0, board.l4t_package.find('-'));
    if (IsDottedNumber(version)) board.l4t = version;
  }
  board.jetpack = JetPackOf(board.l4t);
  for (const PowerMode& mode : ReadPowerModes(host.root)) board.power_modes[mode.name] = mode.id;
  if (board.l4t.empty())
    board.missing.push_back("the version of Jetson Linux (L4T)");
  else if (board.jetpack.empty())
    board.missing.push_back("the JetPack of L4T " + board.l4t + ": not one that is known here");
}

void FindBoardPrograms(const Host& host, Board& board) {
  for (const std::string_view name : kBoardPrograms)
    if (const auto path = FindProgram(host.programs, name))
      board.programs[std::string(name)] = path->string();
  const auto require = [&](std::string_view name) {
    if (!board.programs.contains(std::string(name)))
      board.missing.push_back("program " + std::string(name) +
                              ": neither on PATH nor in the board's usual folders");
  };
  if (board.kind == BoardKind::kJetson)
    for (const std::string_view name : kJetsonPrograms) require(name);
  if (board.kind == BoardKind::kRaspberryPi) require("vcgencmd");
}

}  // namespace

std::string_view Name(BoardKind kind) {
  if (kind == BoardKind::kRaspberryPi) return "raspberry-pi";
  return kind == BoardKind::kJetson ? "jetson" : "other";
}

std::string ParseTegraRelease(std::string_view text) {
  constexpr std::string_view kMajor = "# R", kRevision = "REVISION: ";
  const size_t major_at = text.find(kMajor), revision_at = text.find(kRevision);
  if (major_at == std::string_view::npos || revision_at == std::string_view::npos) return {};
  std::string_view major = text.substr(major_at + kMajor.size());
  std::string_view revision = text.substr(revision_at + kRevision.size());
  major = major.substr(0, major.find_first_not_of("0123456789"));
  revision = revision.substr(0, revision.find_first_not_of("0123456789."));
  if (!IsDottedNumber(major) || !IsDottedNumber(revision)) return {};
  return std::string(major) + "." + std::string(revision);
}

std::string SocOf(std::string_view compatible) {
  std::string soc;
  for (const std::string_view entry : Split(compatible, '\0')) {
    const size_t comma = entry.find(',');
    if (comma == std::string_view::npos) continue;
    const std::string_view name = entry.substr(comma + 1);
    // The board's own names ("p3768-0000+p3767-0005", "5-model-b") come first, the chip's last.
    if (!name.empty()) soc = name;
  }
  return soc;
}

std::string JetPackOf(std::string_view l4t) {
  for (const auto& [version, jetpack] : kJetPacks)
    if (version == l4t) return std::string(jetpack);
  return {};
}

BoardKind KindOfBoard(const std::filesystem::path& root) {
  const auto device_tree = root / "proc/device-tree";
  std::error_code ec;
  if (SocOf(ReadText(device_tree / "compatible").value_or("")).starts_with("tegra") ||
      std::filesystem::exists(root / "etc/nv_tegra_release", ec))
    return BoardKind::kJetson;
  if (ReadText(device_tree / "model").value_or("").starts_with("Raspberry Pi"))
    return BoardKind::kRaspberryPi;
  return BoardKind::kOther;
}

Board ReadBoard(const Host& host) {
  Board board;
  const auto device_tree = host.root / "proc/device-tree";
  board.kind = KindOfBoard(host.root);
  board.model = ReadText(device_tree / "model").value_or("");
  board.soc = SocOf(ReadText(device_tree / "compatible").value_or(""));
  if (board.kind != BoardKind::kOther && board.model.empty())
    board.missing.push_back("/proc/device-tree/model can't be read");
  if (board.kind == BoardKind::kJetson) ReadJetson(host, board);
  FindBoardPrograms(host, board);
  return board;
}

nlohmann::json ToJson(const Board& board) {
  return {{"kind", std::string(Name(board.kind))},
          {"model", board.model},
          {"soc", board.soc},
          {"l4t", board.l4t},
          {"l4t_package", board.l4t_package},
          {"jetpack", board.jetpack},
          {"power_modes", board.power_modes},
          {"programs", board.programs},
          {"missing", board.missing}};
}

Result<Board> BoardFromJson(const nlohmann::json& json) {
  Board board;
  EDGEOPT_TRY(JsonObject object, JsonObject::Of(json, "board"));
  std::string kind;
  EDGEOPT_CHECK_OK(object.Read("kind", kind));
  for (const BoardKind known : {BoardKind::kRaspberryPi, BoardKind::kJetson})
    if (kind == Name(known)) board.kind = known;
  if (kind != Name(board.kind)) return object.Wrong("'" + kind + "' is no kind of board");
  EDGEOPT_CHECK_OK(object.Read("model", board.model));
  EDGEOPT_CHECK_OK(object.Read("soc", board.soc));
  EDGEOPT_CHECK_OK(object.Read("l4t", board.l4t));
  EDGEOPT_CHECK_OK(object.Read("l4t_package", board.l4t_package));
  EDGEOPT_CHECK_OK(object.Read("jetpack", board.jetpack));
  EDGEOPT_CHECK_OK(object.Read("power_modes", board.power_modes));
  EDGEOPT_CHECK_OK(object.Read("programs", board.programs));
  EDGEOPT_CHECK_OK(object.Read("missing", board.missing));
  EDGEOPT_CHECK_OK(object.Finish());
  return board;
}

}  // namespace edgeopt::hardware
