#include "hardware/sysfs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "hardware/fake_board.h"

namespace edgeopt::hardware {
namespace {

TEST(ReadText, TakesBlanksAndTheDeviceTreesNulAway) {
  const FakeBoard board;
  board.Write("model", std::string("Raspberry Pi 4 Model B Rev 1.4\0", 31));
  board.Write("governor", " ondemand\n");
  EXPECT_EQ(ReadText(board.root() / "model"), "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(ReadText(board.root() / "governor"), "ondemand");
}

TEST(ReadText, WhatCantBeReadIsNotKnown) {
  const FakeBoard board;
  board.MakeUnreadable("off");
  EXPECT_EQ(ReadText(board.root() / "off"), std::nullopt);
  EXPECT_EQ(ReadText(board.root() / "missing"), std::nullopt);
}

TEST(ReadText, NeitherAPipeNorAnEndlessFileHoldsItUp) {
  const FakeBoard board;
  const fs::path pipe = board.root() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(ReadText(pipe), "");
  EXPECT_EQ(ReadText("/dev/zero"), "");  // 64 KiB of NULs, which are blanks
}

TEST(ReadInteger, IsOneWholeNumber) {
  const FakeBoard board;
  for (const auto& [text, value] : std::initializer_list<std::pair<const char*, int64_t>>{
           {"52100\n", 52100}, {"-256000", -256000}, {"0", 0}}) {
    board.Write("value", text);
    EXPECT_EQ(ReadInteger(board.root() / "value"), value) << text;
  }
  for (const char* text : {"", "\n", "x", "1 2", "12x", "1.5", "0x10", "99999999999999999999"}) {
    board.Write("value", text);
    EXPECT_EQ(ReadInteger(board.root() / "value"), std::nullopt) << text;
  }
}

TEST(NumberedEntries, ComeInTheNumbersOrder) {
  const FakeBoard board;
  for (const char* name : {"cpu10", "cpu2", "cpufreq", "cpu0", "cpuidle", "cpu-1", "xcpu3"})
    fs::create_directories(board.root() / name);
  std::vector<int> numbers;
  for (const NumberedEntry& entry : NumberedEntries(board.root(), "cpu"))
    numbers.push_back(entry.number);
  EXPECT_EQ(numbers, (std::vector<int>{0, 2, 10}));
  EXPECT_TRUE(NumberedEntries(board.root() / "missing", "cpu").empty());
}

TEST(ParseNumber, IsFiniteAndAllOfTheText) {
  EXPECT_EQ(ParseNumber("52.968"), 52.968);
  for (const char* text : {"", "nan", "inf", "1e999", "1.5C", " 1"})
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
}

}  // namespace
}  // namespace edgeopt::hardware
