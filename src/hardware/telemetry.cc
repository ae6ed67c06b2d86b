#include "hardware/telemetry.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/json_object.h"
#include "hardware/sample_reader.h"

namespace edgeopt::hardware {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

json SampleToJson(const Sample& sample) {
  json object = {{"seconds", sample.seconds}};
  PutMap(object, "temperatures_c", sample.temperatures_c);
  PutMap(object, "cpu_requested_mhz", sample.cpu_requested_mhz);
  PutMap(object, "cpu_real_mhz", sample.cpu_real_mhz);
  PutKnown(object, "gpu_mhz", sample.gpu_mhz);
  PutKnown(object, "gpu_load_percent", sample.gpu_load_percent);
  PutKnown(object, "throttle_bits", sample.throttle_bits);
  PutMap(object, "over_current", sample.over_current);
  PutKnown(object, "fan_rpm", sample.fan_rpm);
  PutKnown(object, "fan_pwm", sample.fan_pwm);
  PutMap(object, "power_mw", sample.power_mw);
  return object;
}

Result<Sample> SampleFromJson(const json& value) {
  Sample sample;
  EDGEOPT_TRY(JsonObject object, JsonObject::Of(value, "sample"));
  EDGEOPT_CHECK_OK(object.Require("seconds"));
  EDGEOPT_CHECK_OK(object.Read("seconds", sample.seconds));
  EDGEOPT_CHECK_OK(object.Read("temperatures_c", sample.temperatures_c));
  EDGEOPT_CHECK_OK(object.Read("cpu_requested_mhz", sample.cpu_requested_mhz));
  EDGEOPT_CHECK_OK(object.Read("cpu_real_mhz", sample.cpu_real_mhz));
  EDGEOPT_CHECK_OK(object.Read("gpu_mhz", sample.gpu_mhz));
  EDGEOPT_CHECK_OK(object.Read("gpu_load_percent", sample.gpu_load_percent));
  EDGEOPT_CHECK_OK(object.Read("throttle_bits", sample.throttle_bits));
  EDGEOPT_CHECK_OK(object.Read("over_current", sample.over_current));
  EDGEOPT_CHECK_OK(object.Read("fan_rpm", sample.fan_rpm));
  EDGEOPT_CHECK_OK(object.Read("fan_pwm", sample.fan_pwm));
  EDGEOPT_CHECK_OK(object.Read("power_mw", sample.power_mw));
  EDGEOPT_CHECK_OK(object.Finish());
  return sample;
}

}  // namespace

json ToJson(const std::vector<Sample>& samples) {
  json array = json::array();
  for (const Sample& sample : samples) array.push_back(SampleToJson(sample));
  return array;
}

Result<std::vector<Sample>> TelemetryFromJson(const json& value) {
  if (!value.is_array()) return BadInput("telemetry is not an array of samples");
  std::vector<Sample> samples;
  for (const json& entry : value) {
    auto sample = SampleFromJson(entry);
    if (!sample.ok()) return sample.error().Within("telemetry");
    samples.push_back(std::move(sample).value());
  }
  return samples;
}

// The thread and what it shares with its owner.
class Sampler::Work {
 public:
  Work(Host host, SamplerOptions options)
      : options_(options), reader_(std::move(host), options.interval) {}

  void Start() {
    start_ = steady_clock::now();
    Take(true);
    thread_ = std::thread([this] { Run(); });
  }

  std::vector<Sample> Stop() {
    if (!thread_.joinable()) return {};
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    return std::exchange(samples_, {});
  }

 private:
  void Run() {
    const auto interval = std::max(options_.interval, std::chrono::milliseconds(1));
    const int every = std::max(options_.program_every, 1);
    for (int index = 1; !StopsBefore(start_ + index * interval); ++index) {
      Take(index % every == 0);
      // A slow sample must not be followed by a burst of late ones.
      const auto behind = (steady_clock::now() - start_) / interval;
      if (behind > index) index = static_cast<int>(behind);
    }
    Take(true);
  }

  // Waits until then; true when it was told to stop.
  bool StopsBefore(steady_clock::time_point time) {
    std::unique_lock lock(mutex_);
    return wake_.wait_until(lock, time, [this] { return stopping_; });
  }

  void Take(bool with_programs) {
    const double seconds = std::chrono::duration<double>(steady_clock::now() - start_).count();
    Sample sample = reader_.Take(with_programs);
    sample.seconds = seconds;
    samples_.push_back(std::move(sample));
  }

  SamplerOptions options_;
  SampleReader reader_;
  steady_clock::time_point start_;
  std::vector<Sample> samples_;  // the thread's until it is joined
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

Sampler::Sampler(Host host, SamplerOptions options)
    : work_(std::make_unique<Work>(std::move(host), options)) {}

Sampler::~Sampler() { work_->Stop(); }

void Sampler::Start() { work_->Start(); }

std::vector<Sample> Sampler::Stop() { return work_->Stop(); }

}  // namespace edgeopt::hardware
