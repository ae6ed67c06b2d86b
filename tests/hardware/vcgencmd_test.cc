#include "hardware/vcgencmd.h"

#include <gtest/gtest.h>

#include "hardware/fake_board.h"

namespace edgeopt::hardware {
namespace {

// Bits and answers: Raspberry Pi documentation, "vcgencmd".
TEST(ParseThrottled, IsHexadecimal) {
  EXPECT_EQ(ParseThrottled("throttled=0x50005\n"), 0x50005u);
  EXPECT_EQ(ParseThrottled("throttled=0x0"), 0u);
  for (const char* text :
       {"", "throttled=", "throttled=0x", "throttled=0xg", "throttled=50005", "throttled=0x5 x",
        "throttled=0x123456789", "error=1 error_msg=\"Command not registered\"",
        "VCHI initialization failed"})
    EXPECT_EQ(ParseThrottled(text), std::nullopt) << text;
}

TEST(ThrottleNames, NameEachBit) {
  EXPECT_EQ(ThrottleNames(0x50005),
            (std::vector<std::string>{"under-voltage", "throttled", "under-voltage since boot",
                                      "throttled since boot"}));
  EXPECT_EQ(ThrottleNames(0xa000a),
            (std::vector<std::string>{"frequency capped", "soft temperature limit",
                                      "frequency capped since boot",
                                      "soft temperature limit since boot"}));
  EXPECT_TRUE(ThrottleNames(0).empty());
}

TEST(ParseTemperature, IsInDegrees) {
  EXPECT_EQ(ParseTemperature("temp=52.1'C\n"), 52.1);
  for (const char* text : {"", "temp='C", "temp=52.1", "temp=x'C"})
    EXPECT_EQ(ParseTemperature(text), std::nullopt) << text;
}

TEST(ParseClock, IsInHertzWhateverTheClocksNumber) {
  EXPECT_EQ(ParseClock("frequency(48)=1500000000\n"), 1500000000);
  EXPECT_EQ(ParseClock("frequency(0)=1000015168"), 1000015168);
  for (const char* text : {"", "frequency(48)=", "frequency(48)=0", "frequency=1", "frequency("})
    EXPECT_EQ(ParseClock(text), std::nullopt) << text;
}

// From a Raspberry Pi 5, shortened.
constexpr char kPmic[] = R"(   3V3_SYS_A current(1)=0.14150990A
  VDD_CORE_A current(7)=0.81262990A
   3V3_SYS_V volt(9)=3.31003300V
  VDD_CORE_V volt(15)=0.88187950V
     EXT5V_V volt(24)=5.15766000V
      BATT_V volt(25)=0.00000000V
)";

TEST(ParsePmic, MultipliesWhatHasBothCurrentAndVoltage) {
  const auto rails = ParsePmic(kPmic);
  ASSERT_EQ(rails.size(), 2u);
  EXPECT_NEAR(rails.at("VDD_CORE"), 716.64, 0.01);  // 0.81262990 A * 0.88187950 V
  EXPECT_NEAR(rails.at("3V3_SYS"), 468.40, 0.01);
  EXPECT_TRUE(ParsePmic("error=1 error_msg=\"Command not registered\"").empty());
  EXPECT_TRUE(ParsePmic("A current(\n_A current()=A\n)=X current(A").empty());
}

TEST(Vcgencmd, IsAskedWithTheDocumentedWords) {
  const FakeBoard board;
  board.Program("vcgencmd",
                "case \"$*\" in\n"
                "get_throttled) echo 'throttled=0x50005' ;;\n"
                "measure_temp) echo \"temp=52.1'C\" ;;\n"
                "'measure_clock arm') echo 'frequency(48)=1500000000' ;;\n"
                "*) echo 'error=1 error_msg=\"Command not registered\"' ;;\nesac\n");
  const Programs programs = board.host().programs;
  EXPECT_EQ(ReadThrottled(programs), 0x50005u);
  EXPECT_EQ(ReadFirmwareTemperature(programs), 52.1);
  EXPECT_EQ(ReadArmClock(programs), 1500000000);
  EXPECT_TRUE(ReadPmic(programs).empty());
}

TEST(Vcgencmd, MissingOrFailingIsNotKnown) {
  const FakeBoard board;
  EXPECT_EQ(ReadThrottled(board.host().programs), std::nullopt);
  board.Program("vcgencmd", "echo 'throttled=0x0'; exit 255\n");
  EXPECT_EQ(ReadThrottled(board.host().programs), std::nullopt);
}

}  // namespace
}  // namespace edgeopt::hardware
