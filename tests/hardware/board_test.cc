#include "hardware/board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hardware/fake_jetson.h"

namespace edgeopt::hardware {
namespace {

bool Mentions(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

TEST(ReadBoard, RecognizesARaspberryPi) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Program("vcgencmd", "");
  const Board found = ReadBoard(board.host());
  EXPECT_EQ(found.kind, BoardKind::kRaspberryPi);
  EXPECT_EQ(found.model, "Raspberry Pi 5 Model B Rev 1.0");
  EXPECT_EQ(found.soc, "bcm2712");
  EXPECT_EQ(found.programs.at("vcgencmd"), (board.bin() / "vcgencmd").string());
  EXPECT_TRUE(found.missing.empty());
  EXPECT_EQ(found.jetpack, "");
}

TEST(ReadBoard, RecognizesAJetsonAndItsJetPack) {
  const FakeBoard board;
  MakeJetson(board);
  // Exactly this question is asked.
  board.Program("dpkg-query",
                "[ \"$*\" = '-W -f ${Version} nvidia-l4t-core' ] && printf "
                "'36.4.3-20250107174145'\n");
  board.Program("tegrastats", "");
  // As a board of JetPack 6.2 has it: the numbers are not in the order of power.
  board.Write("etc/nvpmodel.conf",
              "< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=25W >\n"
              "< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n< POWER_MODEL ID=3 NAME=7W >\n");
  const Board found = ReadBoard(board.host());
  EXPECT_EQ(found.kind, BoardKind::kJetson);
  EXPECT_EQ(found.power_modes,
            (std::map<std::string, int64_t>{{"15W", 0}, {"25W", 1}, {"MAXN_SUPER", 2}, {"7W", 3}}));
  EXPECT_EQ(found.model, "NVIDIA Jetson Orin Nano Developer Kit");
  EXPECT_EQ(found.soc, "tegra234");
  EXPECT_EQ(found.l4t, "36.4.3");
  EXPECT_EQ(found.l4t_package, "36.4.3-20250107174145");
  EXPECT_EQ(found.jetpack, "6.2");
  EXPECT_TRUE(found.programs.contains("nvpmodel"));
  ASSERT_EQ(found.missing.size(), 1u);
  EXPECT_TRUE(Mentions(found.missing, "trtexec"));
}

TEST(ReadBoard, ThePackageTellsWhereTheFileDoesNot) {
  const FakeBoard board;
  MakeJetson(board);
  fs::remove(board.root() / "etc/nv_tegra_release");
  board.Program("dpkg-query", "printf '35.4.1-20230801124926'\n");
  const Board found = ReadBoard(board.host());
  EXPECT_EQ(found.kind, BoardKind::kJetson);
  EXPECT_EQ(found.l4t, "35.4.1");
  EXPECT_EQ(found.jetpack, "5.1.2");
  EXPECT_TRUE(Mentions(found.missing, "/etc/nv_tegra_release"));
}

TEST(ReadBoard, SaysWhatItDidNotFind) {
  const FakeBoard board;
  board.Write("etc/nv_tegra_release", "garbage\n");
  board.Program("dpkg-query", "echo 'no packages found matching nvidia-l4t-core' >&2; exit 1\n");
  const Board found = ReadBoard(board.host());
  EXPECT_EQ(found.kind, BoardKind::kJetson);
  EXPECT_EQ(found.l4t, "");
  EXPECT_EQ(found.l4t_package, "");
  EXPECT_TRUE(Mentions(found.missing, "model"));
  EXPECT_TRUE(Mentions(found.missing, "nvidia-l4t-core"));
  EXPECT_TRUE(Mentions(found.missing, "L4T"));
  EXPECT_TRUE(Mentions(found.missing, "jetson_clocks"));
}

TEST(ReadBoard, AnyOtherMachineIsOneToo) {
  const FakeBoard board;
  const Board found = ReadBoard(board.host());
  EXPECT_EQ(found.kind, BoardKind::kOther);
  EXPECT_TRUE(found.missing.empty());
}

TEST(ParseTegraRelease, JoinsReleaseAndRevision) {
  EXPECT_EQ(ParseTegraRelease("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic"),
            "36.4.3");
  EXPECT_EQ(ParseTegraRelease("# R35 (release), REVISION: 3.1, GCID: 32827747, BOARD: t186ref"),
            "35.3.1");
  for (const char* text : {"", "# R36", "REVISION: 4.3", "# R (release), REVISION: 4.3",
                           "# R36 (release), REVISION: ,", "# R36 (release), REVISION: 4..3"})
    EXPECT_EQ(ParseTegraRelease(text), "") << text;
}

TEST(JetPackOf, IsEmptyForALinuxThatTheTableLacks) {
  EXPECT_EQ(JetPackOf("36.3.0"), "6.0");
  EXPECT_EQ(JetPackOf("38.2.0"), "7.0");
  EXPECT_EQ(JetPackOf("36.99.0"), "");
  EXPECT_EQ(JetPackOf(""), "");
}

TEST(BoardJson, ReadsWhatItWrites) {
  const FakeBoard board;
  MakeJetson(board);
  const Board found = ReadBoard(board.host());
  const auto read = BoardFromJson(ToJson(found));
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(ToJson(*read), ToJson(found));
  EXPECT_EQ(read->kind, BoardKind::kJetson);
  EXPECT_EQ(read->missing, found.missing);
}

TEST(BoardJson, RefusesWrongTypesAndUnknownFields) {
  for (const char* text :
       {"[]", R"({"kind": "tablet"})", R"({"kind": "other", "model": 1})",
        R"({"kind": "other", "programs": {"nvpmodel": 1}})", R"({"kind": "other", "missing": "x"})",
        R"({"kind": "other", "colour": "green"})"}) {
    const auto read = BoardFromJson(nlohmann::json::parse(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kBadInput) << text;
  }
}

}  // namespace
}  // namespace edgeopt::hardware
