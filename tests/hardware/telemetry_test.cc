#include "hardware/telemetry.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "hardware/fake_jetson.h"
#include "hardware/sample_reader.h"

namespace edgeopt::hardware {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kFakeVcgencmd[] = R"sh(
echo "$*" >> $ROOT/asked
case "$*" in
get_throttled) echo "throttled=$(cat $ROOT/throttled)" ;;
'measure_clock arm') echo 'frequency(0)=1500345728' ;;
*) echo 'error=1 error_msg="Command not registered"' ;;
esac
)sh";

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(SampleReader, TakesWhatARaspberryPiTells) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Write("throttled", "0x50005");
  board.Program("vcgencmd", kFakeVcgencmd);
  board.Write("sys/class/hwmon/hwmon2/name", "pwmfan\n");
  board.Write("sys/class/hwmon/hwmon2/fan1_input", "2471\n");
  board.Write("sys/class/hwmon/hwmon2/pwm1", "75\n");
  SampleReader reader(board.host(), milliseconds(1000));
  const Sample quick = reader.Take(false);
  EXPECT_EQ(quick.temperatures_c, (std::map<std::string, double>{{"cpu-thermal", 52.1}}));
  EXPECT_EQ(quick.cpu_requested_mhz.at("3"), 1500.0);
  EXPECT_TRUE(quick.cpu_real_mhz.empty());
  EXPECT_EQ(quick.fan_rpm, 2471);
  EXPECT_EQ(quick.fan_pwm, 75);
  EXPECT_EQ(quick.throttle_bits, std::nullopt);
  EXPECT_EQ(board.Read("asked"), "");
  const Sample full = reader.Take(true);
  EXPECT_EQ(full.throttle_bits, 0x50005);
  EXPECT_DOUBLE_EQ(full.cpu_real_mhz.at("0"), 1500.345728);
  EXPECT_EQ(full.cpu_real_mhz.size(), 4u);
  // A firmware that does not know about power is asked once.
  (void)reader.Take(true);
  EXPECT_EQ(CountOf(board.Read("asked"), "pmic_read_adc"), 1);
  EXPECT_EQ(CountOf(board.Read("asked"), "get_throttled"), 2);
}

TEST(SampleReader, TakesWhatAJetsonTells) {
  const FakeBoard board;
  MakeJetson(board);
  board.Write("sys/class/thermal/thermal_zone0/type", "tj-thermal\n");
  board.Write("sys/class/thermal/thermal_zone0/temp", "55125\n");
  board.MakeUnreadable("sys/class/thermal/thermal_zone1/temp");
  board.Write("sys/class/hwmon/hwmon0/name", "soctherm_oc\n");
  board.Write("sys/class/hwmon/hwmon0/oc3_event_cnt", "4\n");
  board.Write("sys/class/hwmon/hwmon1/name", "ina3221\n");
  board.Write("sys/class/hwmon/hwmon1/in1_label", "VDD_IN\n");
  board.Write("sys/class/hwmon/hwmon1/in1_input", "5000\n");
  board.Write("sys/class/hwmon/hwmon1/curr1_input", "1200\n");
  board.Program("tegrastats", "touch $ROOT/tegrastats_ran\nexec sleep 60\n");
  const Sample sample = SampleReader(board.host(), milliseconds(100)).Take(true);
  EXPECT_EQ(sample.temperatures_c, (std::map<std::string, double>{{"tj-thermal", 55.125}}));
  EXPECT_EQ(sample.gpu_mhz, 306.0);
  EXPECT_EQ(sample.gpu_load_percent, 42.0);
  EXPECT_EQ(sample.over_current.at("oc3"), 4);
  EXPECT_EQ(sample.power_mw, (std::map<std::string, double>{{"VDD_IN", 6000.0}}));
  EXPECT_FALSE(fs::exists(board.root() / "tegrastats_ran"));  // hwmon told the power
}

TEST(SampleReader, TakesThePowerFromTegrastatsWhereHwmonHasNone) {
  const FakeBoard board;
  board.Write("etc/nv_tegra_release", "");
  board.Program("tegrastats",
                "echo \"$*\" > $ROOT/arguments\n"
                "echo 'RAM 1/2MB GR3D_FREQ 1%@300 cpu@40C VDD_IN 1000mW/1000mW'\n"
                "echo 'RAM 1/2MB GR3D_FREQ 99%@[1300,1200] cpu@52.5C VDD_IN 5139mW/3000mW'\n"
                "exec sleep 60\n");
  SampleReader reader(board.host(), milliseconds(250));
  Sample sample;
  const auto end = steady_clock::now() + std::chrono::seconds(10);
  while (sample.power_mw["VDD_IN"] != 5139.0 && steady_clock::now() < end)
    sample = reader.Take(false);
  EXPECT_EQ(board.Read("arguments"), "--interval 250");
  EXPECT_EQ(sample.power_mw.at("VDD_IN"), 5139.0);
  EXPECT_EQ(sample.gpu_mhz, 1300.0);
  EXPECT_EQ(sample.gpu_load_percent, 99.0);
  EXPECT_EQ(sample.temperatures_c.at("cpu"), 52.5);
}

TEST(SampleReader, ATegrastatsThatEndsIsNotStartedAgain) {
  const FakeBoard board;
  board.Program("tegrastats", "echo started >> $ROOT/started\nexit 1\n");
  SampleReader reader(board.host(), milliseconds(100));
  const auto end = steady_clock::now() + std::chrono::seconds(5);
  while (board.Read("started").empty() && steady_clock::now() < end) (void)reader.Take(false);
  for (int i = 0; i < 20; ++i) (void)reader.Take(false);
  EXPECT_EQ(board.Read("started"), "started");
}

TEST(Sampler, TakesAFirstALastAndSamplesBetween) {
  const FakeBoard board;
  MakeRaspberryPi(board);
  board.Write("throttled", "0x0");
  board.Program("vcgencmd", kFakeVcgencmd);
  Sampler sampler(board.host(), {milliseconds(20), 1000});
  sampler.Start();
  std::this_thread::sleep_for(milliseconds(300));
  board.Write("throttled", "0x50000");
  const auto samples = sampler.Stop();
  ASSERT_GE(samples.size(), 3u);
  EXPECT_LT(samples.front().seconds, 0.3);
  for (size_t i = 1; i < samples.size(); ++i) EXPECT_GT(samples[i].seconds, samples[i - 1].seconds);
  // The program's answers frame the run.
  EXPECT_EQ(samples.front().throttle_bits, 0);
  EXPECT_EQ(samples.back().throttle_bits, 0x50000);
  EXPECT_EQ(samples[1].throttle_bits, std::nullopt);
  EXPECT_TRUE(sampler.Stop().empty());
}

TEST(Sampler, StopsAtOnce) {
  const FakeBoard board;
  Sampler sampler(board.host(), {std::chrono::hours(1), 5});
  sampler.Start();
  const auto begin = steady_clock::now();
  EXPECT_EQ(sampler.Stop().size(), 2u);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(30));
  const Sampler never_started(board.host());
}

TEST(TelemetryJson, ReadsWhatItWrites) {
  Sample full;
  full.seconds = 1.5;
  full.temperatures_c = {{"cpu-thermal", 52.1}};
  full.cpu_requested_mhz = {{"0", 2400}};
  full.cpu_real_mhz = {{"0", 1500}};
  full.gpu_mhz = 624.75;
  full.gpu_load_percent = 42;
  full.throttle_bits = 0x50005;
  full.over_current = {{"oc1", 3}};
  full.fan_rpm = 2471;
  full.fan_pwm = 75;
  full.power_mw = {{"VDD_IN", 5139}};
  const auto json = ToJson(std::vector<Sample>{full, Sample{}});
  const auto read = TelemetryFromJson(nlohmann::json::parse(json.dump()));
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(ToJson(*read), json);
  EXPECT_EQ((*read)[0].throttle_bits, 0x50005);
  EXPECT_EQ((*read)[0].power_mw.at("VDD_IN"), 5139);
  EXPECT_EQ((*read)[1].gpu_mhz, std::nullopt);
  EXPECT_EQ(json[1].dump(), R"({"seconds":0.0})");  // what is not known is left out
}

TEST(TelemetryJson, RefusesWrongTypesAndUnknownFields) {
  for (const char* text :
       {"{}", "[1]", "[{}]", R"([{"seconds": "1"}])", R"([{"seconds": 1, "gpu_mhz": "1"}])",
        R"([{"seconds": 1, "temperatures_c": [1]}])",
        R"([{"seconds": 1, "temperatures_c": {"cpu": "hot"}}])",
        R"([{"seconds": 1, "throttle_bits": 1.5}])",
        R"([{"seconds": 1, "over_current": {"oc1": 18446744073709551615}}])",
        R"([{"seconds": 1, "colour": 1}])"}) {
    const auto read = TelemetryFromJson(nlohmann::json::parse(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kBadInput) << text;
  }
}

}  // namespace
}  // namespace edgeopt::hardware
