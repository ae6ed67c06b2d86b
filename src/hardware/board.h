// Which board this is, and what it brings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

enum class BoardKind { kOther, kRaspberryPi, kJetson };
std::string_view Name(BoardKind kind);  // "other", "raspberry-pi", "jetson"

// Empty: not known.
struct Board {
  BoardKind kind = BoardKind::kOther;
  std::string model;        // of the device tree: "Raspberry Pi 5 Model B Rev 1.0"
  std::string soc;          // "bcm2712", "tegra234"
  std::string l4t;          // Jetson Linux: "36.4.3"
  std::string l4t_package;  // version of nvidia-l4t-core: "36.4.3-20250107174145"
  std::string jetpack;      // that brought this L4T: "6.2"
  std::map<std::string, int64_t> power_modes;  // of a Jetson: name, nvpmodel's number
  // Those of nvpmodel, jetson_clocks, tegrastats, vcgencmd and trtexec that were found: name, path.
  std::map<std::string, std::string> programs;
  // What was looked for and not found, each with where; only what such a board should have.
  std::vector<std::string> missing;
};

// From /proc/device-tree/{model,compatible} and /etc/nv_tegra_release.
BoardKind KindOfBoard(const std::filesystem::path& root = "/");

// Reads /proc/device-tree/{model,compatible}, /etc/{nv_tegra_release,nvpmodel.conf} and the
// package's version.
Board ReadBoard(const Host& host = {});

// The first line of /etc/nv_tegra_release, "# R36 (release), REVISION: 4.3, GCID: …" -> "36.4.3".
std::string ParseTegraRelease(std::string_view text);
// The SoC from the device tree's `compatible`, a list of NUL-terminated texts from the board to the
// chip: the part behind the comma of the last one that names a chip ("nvidia,tegra234").
std::string SocOf(std::string_view compatible);
// "6.2" for "36.4.3"; empty for an L4T that the table lacks.
std::string JetPackOf(std::string_view l4t);

nlohmann::json ToJson(const Board& board);
// BadInput for a field of the wrong type or one that is not known.
Result<Board> BoardFromJson(const nlohmann::json& json);

}  // namespace edgeopt::hardware
