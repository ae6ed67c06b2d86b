// A Raspberry Pi's firmware, asked with `vcgencmd`: throttling, temperature, real clock, power.
// https://www.raspberrypi.com/documentation/computers/os.html#vcgencmd
//
// Each question starts a process. A firmware that does not know a question answers
// `error=1 error_msg="Command not registered"`, with exit code 0.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/program.h"

namespace edgeopt::hardware {

// Bits of `get_throttled`: four that hold now, and the same four for "has happened since boot",
// which stay set (sticky).
inline constexpr uint32_t kThrottledNow = 0xf;
inline constexpr uint32_t kThrottledSinceBoot = 0xf0000;

// "throttled=0x50005" -> 0x50005.
std::optional<uint32_t> ParseThrottled(std::string_view output);
// In words, lowest bit first: "under-voltage", "frequency capped", "throttled",
// "soft temperature limit", and the same with " since boot".
std::vector<std::string> ThrottleNames(uint32_t bits);
// "temp=52.1'C" -> 52.1.
std::optional<double> ParseTemperature(std::string_view output);
// "frequency(48)=1500000000" -> 1500000000 Hz; what the clock really does.
std::optional<int64_t> ParseClock(std::string_view output);
// The rails of `pmic_read_adc` (Raspberry Pi 5) that have both a current ("VDD_CORE_A
// current(7)=0.8A") and a voltage ("VDD_CORE_V volt(15)=0.9V"), in mW by name ("VDD_CORE"). The
// 5 V input has no current, so their sum is less than what the board takes.
std::map<std::string, double> ParsePmic(std::string_view output);

// nullopt, or empty, where there is no vcgencmd, it fails (no rights on /dev/vcio) or does not
// know.
std::optional<uint32_t> ReadThrottled(const Programs& programs);
std::optional<double> ReadFirmwareTemperature(const Programs& programs);
std::optional<int64_t> ReadArmClock(const Programs& programs);
std::map<std::string, double> ReadPmic(const Programs& programs);

}  // namespace edgeopt::hardware
