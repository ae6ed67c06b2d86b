// Files and programs that say anything: nothing crashes, and nothing is made of it.

#include <gtest/gtest.h>

#include "hardware/board.h"
#include "hardware/fake_jetson.h"
#include "hardware/locking.h"
#include "hardware/sample_reader.h"
#include "hardware/throttling.h"

namespace edgeopt::hardware {
namespace {

const std::string kGarbage[] = {
    "",
    "\n",
    "-",
    "=",
    "NaN",
    "99999999999999999999999999",
    "-9223372036854775808",
    std::string("\0\0\0", 3),
    "\xff\xfe\x80",
    std::string(100000, '9'),
    std::string(100000, '['),
    "NV Power Mode:",
    "throttled=0xffffffffffffffff",
    "< POWER_MODEL ID= NAME= >",
};

void FillWith(const FakeBoard& board, const std::string& text) {
  MakeJetson(board);
  for (const char* path :
       {"sys/class/thermal/thermal_zone0/type", "sys/class/thermal/thermal_zone0/temp",
        "sys/class/hwmon/hwmon0/name", "sys/class/hwmon/hwmon0/fan1_input",
        "sys/class/hwmon/hwmon0/power1_input", "sys/class/hwmon/hwmon1/in1_label",
        "sys/class/hwmon/hwmon1/in1_input", "sys/class/hwmon/hwmon1/curr1_input",
        "sys/class/hwmon/hwmon2/oc1_event_cnt"})
    board.Write(path, text);
  board.Write("sys/class/hwmon/hwmon1/name", "ina3221\n");
  board.Write("sys/class/hwmon/hwmon2/name", "soctherm_oc\n");
  // The files of the CPUs, the GPU and the board.
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(board.root() / "sys/devices"))
    if (entry.is_regular_file()) files.push_back(entry.path());
  for (const auto& entry : fs::recursive_directory_iterator(board.root() / kFakeGpu))
    if (entry.is_regular_file() && entry.path().filename() != "name") files.push_back(entry.path());
  for (const char* path : {"proc/device-tree/model", "proc/device-tree/compatible",
                           "etc/nv_tegra_release", "etc/nvpmodel.conf"})
    files.push_back(board.root() / path);
  board.Write("etc/nvpmodel.conf", "");
  for (const fs::path& file : files) std::ofstream(file, std::ios::binary) << text;
  board.Write("answer", text);
  for (const char* program : {"nvpmodel", "jetson_clocks", "vcgencmd", "tegrastats", "dpkg-query"})
    board.Program(program, "cat $ROOT/answer\n");
}

TEST(Garbage, IsSurvivedByEverything) {
  for (const std::string& text : kGarbage) {
    const FakeBoard board;
    FillWith(board, text);
    const Host host = JetsonHost(board);
    const Board found = ReadBoard(host);
    EXPECT_EQ(found.jetpack, "") << text.substr(0, 40);
    SampleReader reader(host, std::chrono::milliseconds(10));
    const std::vector<Sample> samples = {reader.Take(false), reader.Take(true)};
    for (const Sample& sample : samples) {
      EXPECT_EQ(sample.throttle_bits, std::nullopt);
      EXPECT_TRUE(sample.temperatures_c.empty());
      EXPECT_EQ(sample.gpu_load_percent, std::nullopt);
    }
    EXPECT_TRUE(ThrottlingReasons(samples, ReadLockedClocks(board.root()), {}).empty());
    const LockReport locked = LockClocks(host, {board.journal(), 0});
    EXPECT_FALSE(locked.ok) << text.substr(0, 40);
    EXPECT_TRUE(UnlockClocks(host, board.journal()).ok) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace edgeopt::hardware
