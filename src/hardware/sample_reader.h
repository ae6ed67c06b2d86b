// Takes one sample of everything that a board tells.
#pragma once

#include <chrono>
#include <optional>

#include "base/subprocess.h"
#include "hardware/program.h"
#include "hardware/tegrastats.h"
#include "hardware/telemetry.h"

namespace edgeopt::hardware {

// Not for several threads at a time.
class SampleReader {
 public:
  // `interval`: of tegrastats, should it be needed.
  SampleReader(Host host, std::chrono::milliseconds interval);

  // `with_programs`: asks vcgencmd, too. Sample::seconds is left 0.
  Sample Take(bool with_programs);

 private:
  void AskFirmware(Sample& sample);
  void ReadTegrastats(Sample& sample);

  Host host_;
  std::chrono::milliseconds interval_;
  bool has_vcgencmd_;
  bool asks_pmic_ = true;         // until the firmware does not know the question
  bool tries_tegrastats_ = true;  // until it can't be started, or ends
  std::optional<Subprocess> tegrastats_;
};

}  // namespace edgeopt::hardware
