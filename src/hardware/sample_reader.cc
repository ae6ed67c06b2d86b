#include "hardware/sample_reader.h"

#include <algorithm>

#include "hardware/cpu_frequency.h"
#include "hardware/devfreq.h"
#include "hardware/hwmon.h"
#include "hardware/thermal.h"
#include "hardware/vcgencmd.h"

namespace edgeopt::hardware {
namespace {

// Long enough to take what is there; only then is it waited for.
constexpr std::chrono::milliseconds kLineWait(10);
constexpr double kKhzPerMhz = 1e3, kHzPerMhz = 1e6;

void ReadClocks(const std::filesystem::path& root, Sample& sample) {
  for (const CpuFrequency& cpu : ReadCpuFrequencies(root)) {
    const std::string number = std::to_string(cpu.cpu);
    if (cpu.requested_khz)
      sample.cpu_requested_mhz[number] = static_cast<double>(*cpu.requested_khz) / kKhzPerMhz;
    if (cpu.hardware_khz)
      sample.cpu_real_mhz[number] = static_cast<double>(*cpu.hardware_khz) / kKhzPerMhz;
  }
  if (const auto gpu = ReadGpuClock(root)) {
    if (gpu->current_hz) sample.gpu_mhz = static_cast<double>(*gpu->current_hz) / kHzPerMhz;
    sample.gpu_load_percent = gpu->load_percent;
  }
}

}  // namespace

SampleReader::SampleReader(Host host, std::chrono::milliseconds interval)
    : host_(std::move(host)),
      interval_(interval),
      has_vcgencmd_(FindProgram(host_.programs, "vcgencmd").has_value()) {}

Sample SampleReader::Take(bool with_programs) {
  Sample sample;
  for (const ThermalZone& zone : ReadThermalZones(host_.root))
    if (zone.celsius) sample.temperatures_c[zone.name] = *zone.celsius;
  ReadClocks(host_.root, sample);
  sample.over_current = ReadOverCurrentEvents(host_.root);
  const Fan fan = ReadFan(host_.root);
  sample.fan_rpm = fan.rpm;
  sample.fan_pwm = fan.pwm;
  sample.power_mw = ReadPowerRails(host_.root);
  if (has_vcgencmd_ && with_programs) AskFirmware(sample);
  if (sample.power_mw.empty() && !has_vcgencmd_) ReadTegrastats(sample);
  return sample;
}

void SampleReader::AskFirmware(Sample& sample) {
  if (const auto bits = ReadThrottled(host_.programs)) sample.throttle_bits = *bits;
  if (const auto hertz = ReadArmClock(host_.programs))
    for (const auto& [cpu, mhz] : sample.cpu_requested_mhz)
      sample.cpu_real_mhz[cpu] = static_cast<double>(*hertz) / kHzPerMhz;
  if (sample.temperatures_c.empty())
    if (const auto celsius = ReadFirmwareTemperature(host_.programs))
      sample.temperatures_c["soc"] = *celsius;
  if (!asks_pmic_) return;
  const auto rails = ReadPmic(host_.programs);
  asks_pmic_ = !rails.empty();
  sample.power_mw.insert(rails.begin(), rails.end());
}

void SampleReader::ReadTegrastats(Sample& sample) {
  if (!tries_tegrastats_) return;
  if (!tegrastats_) {
    const auto path = FindProgram(host_.programs, "tegrastats");
    auto started = path ? Subprocess::Start({.argv = {path->string(), "--interval",
                                                      std::to_string(interval_.count())},
                                             .max_line_bytes = 1 << 16})
                        : Result<Subprocess>(Unavailable("no tegrastats"));
    if (!started.ok()) {
      tries_tegrastats_ = false;
      return;
    }
    tegrastats_.emplace(std::move(started).value());
  }
  // The newest line that is there. It tells the last interval, so it may be one interval old.
  std::optional<Tegrastats> newest;
  while (true) {
    const auto line = tegrastats_->ReadLine(kLineWait);
    if (!line.ok()) {
      if (line.error().code == ErrorCode::kBadInput) tries_tegrastats_ = false;
      break;
    }
    if (!line->has_value()) {
      tries_tegrastats_ = false;
      break;
    }
    if (auto parsed = ParseTegrastats(**line)) newest = std::move(parsed);
  }
  if (!tries_tegrastats_) tegrastats_.reset();
  if (!newest) return;
  for (const auto& [name, rail] : newest->rails) sample.power_mw[name] = rail.now_mw;
  sample.temperatures_c.insert(newest->temperatures_c.begin(), newest->temperatures_c.end());
  if (!sample.gpu_mhz && !newest->gpu_mhz.empty())
    sample.gpu_mhz =
        static_cast<double>(*std::max_element(newest->gpu_mhz.begin(), newest->gpu_mhz.end()));
  if (!sample.gpu_load_percent && newest->gpu_load_percent)
    sample.gpu_load_percent = static_cast<double>(*newest->gpu_load_percent);
}

}  // namespace edgeopt::hardware
