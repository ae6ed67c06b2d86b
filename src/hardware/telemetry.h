// What the board did while something was measured: temperatures, clocks, throttling, fan and power,
// sampled beside the measurement.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

// Not known: left out, or empty.
struct Sample {
  double seconds = 0;                            // since the first sample
  std::map<std::string, double> temperatures_c;  // by thermal zone; zones that are off are left out
  // By CPU: "0", "1". What the governor asks for, and what the hardware does, which is less when it
  // is throttled (`vcgencmd measure_clock arm` for all of a Raspberry Pi's; else cpuinfo_cur_freq).
  std::map<std::string, double> cpu_requested_mhz, cpu_real_mhz;
  std::optional<double> gpu_mhz, gpu_load_percent;
  std::optional<int64_t> throttle_bits;         // vcgencmd.h
  std::map<std::string, int64_t> over_current;  // events since boot, hwmon.h
  std::optional<int64_t> fan_rpm, fan_pwm;      // hwmon.h
  std::map<std::string, double> power_mw;       // by rail
};

nlohmann::json ToJson(const std::vector<Sample>& samples);
// BadInput for a field of the wrong type or one that is not known.
Result<std::vector<Sample>> TelemetryFromJson(const nlohmann::json& json);

struct SamplerOptions {
  std::chrono::milliseconds interval = std::chrono::seconds(1);
  // vcgencmd is asked in the first and last sample and in every so manieth between them.
  int program_every = 5;
};

// Takes samples in a thread of its own: one when it starts, one each interval, one when it stops.
//
// Cost: a sample reads some 60 files of /sys, which took 0.7 ms of one CPU on a slow x86 server;
// where there is vcgencmd, up to three processes are started and end in each fifth sample, there 3
// ms each. At the default interval this is a fraction of 1 % of one CPU. Where the power can be
// read neither from hwmon nor from vcgencmd, but there is tegrastats, that runs meanwhile, at the
// same interval.
class Sampler {
 public:
  explicit Sampler(Host host, SamplerOptions options = {});
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();  // stops

  // Once. The first sample is taken before it returns.
  void Start();
  // The samples in order. A second call returns none.
  std::vector<Sample> Stop();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace edgeopt::hardware
