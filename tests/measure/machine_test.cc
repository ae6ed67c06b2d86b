#include "measure/machine.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace edgeopt::measure {
namespace {

// A root folder with the files that a test gives it.
class FakeRoot {
 public:
  FakeRoot() : folder_(TemporaryFolder::Create().value()) {}
  void Write(const std::string& path, const std::string& text) {
    const auto file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    ASSERT_TRUE(WriteFile(file, text).ok());
  }
  Machine Read() const { return ReadMachine(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

FakeRoot Laptop() {
  FakeRoot root;
  root.Write("proc/cpuinfo",
             "processor\t: 0\nmodel name\t: 11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz\n"
             "flags\t\t: fpu avx avx2 fma f16c avx512f avx512bw avx512_vnni\n\n"
             "processor\t: 1\nmodel name\t: other\nflags\t\t: fpu\n");
  root.Write("sys/devices/system/cpu/online", "0-7\n");
  root.Write("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,6\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "4700000\n");
  root.Write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
  root.Write("proc/loadavg", "0.30 0.20 0.10 1/234 5678\n");
  root.Write("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n");
  root.Write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  root.Write("etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  return root;
}

bool Mentions(const std::vector<MachineWarning>& warnings, const std::string& word) {
  for (const MachineWarning& warning : warnings)
    if (warning.text.find(word) != std::string::npos) return !warning.remedy.empty();
  return false;
}

TEST(ReadMachine, ReadsALaptop) {
  const Machine machine = Laptop().Read();
  EXPECT_EQ(machine.cpu_model, "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz");
  EXPECT_EQ(machine.architecture, "x86_64");
  EXPECT_EQ(machine.logical_cpus, 8);
  EXPECT_EQ(machine.usable_cpus, 5);
  EXPECT_TRUE(machine.Has("avx512_vnni"));
  EXPECT_FALSE(machine.Has("fpu"));  // says nothing about kernels
  EXPECT_EQ(machine.governor, "powersave");
  EXPECT_EQ(machine.boost, true);
  EXPECT_EQ(machine.max_frequency_khz, 4700000);
  EXPECT_EQ(machine.load_1min, 0.3);
  EXPECT_EQ(machine.memory_bytes, 16000000ll * 1024);
  EXPECT_EQ(machine.memory_available_bytes, 8000000ll * 1024);
  EXPECT_EQ(machine.kernel, "6.1.0-18-amd64");
  EXPECT_EQ(machine.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(machine.container, "");
  EXPECT_FALSE(machine.virtual_machine);
  EXPECT_EQ(machine.cpu_quota, 0);
}

TEST(ReadMachine, ReadsARaspberryPi) {
  FakeRoot root;
  root.Write("proc/cpuinfo",
             "processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp\nCPU implementer\t: 0x41\n"
             "CPU part\t: 0xd0b\n");
  root.Write("proc/device-tree/model", std::string("Raspberry Pi 5 Model B Rev 1.0\0", 31));
  root.Write("sys/devices/system/cpu/online", "0-3");
  root.Write("sys/devices/system/cpu/cpufreq/boost", "0");
  const Machine machine = root.Read();
  EXPECT_EQ(machine.board, "Raspberry Pi 5 Model B Rev 1.0");
  EXPECT_EQ(machine.cpu_model, "Cortex-A76");
  EXPECT_EQ(machine.architecture, "aarch64");
  EXPECT_TRUE(machine.Has("asimddp"));
  EXPECT_EQ(machine.usable_cpus, 4);
  EXPECT_EQ(machine.boost, false);
}

TEST(ReadMachine, SeesContainersAndTheirQuota) {
  FakeRoot root;
  root.Write(".dockerenv", "");
  root.Write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  root.Write("proc/cpuinfo", "flags : avx2 hypervisor\n");
  Machine machine = root.Read();
  EXPECT_EQ(machine.container, "docker");
  EXPECT_DOUBLE_EQ(machine.cpu_quota, 1.5);
  EXPECT_TRUE(machine.virtual_machine);

  FakeRoot older;
  older.Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  older.Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  older.Write("run/.containerenv", "");
  machine = older.Read();
  EXPECT_DOUBLE_EQ(machine.cpu_quota, 2);
  EXPECT_EQ(machine.container, "podman");

  FakeRoot unlimited;
  unlimited.Write("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(unlimited.Read().cpu_quota, 0);
}

TEST(ReadMachine, AnEmptyRootGivesUnknowns) {
  const Machine machine = FakeRoot().Read();
  EXPECT_EQ(machine.cpu_model, "");
  EXPECT_EQ(machine.logical_cpus, 0);
  EXPECT_FALSE(machine.boost.has_value());
  EXPECT_FALSE(machine.load_1min.has_value());
}

TEST(ReadMachine, SurvivesNonsense) {
  FakeRoot root;
  root.Write("sys/devices/system/cpu/online", "5-1,x,,0-99999999");
  root.Write("proc/loadavg", "many");
  root.Write("proc/meminfo", "MemTotal: lots\n");
  root.Write("sys/fs/cgroup/cpu.max", "1 0");
  const Machine machine = root.Read();
  EXPECT_FALSE(machine.load_1min.has_value());
  EXPECT_EQ(machine.memory_bytes, 0);
  EXPECT_EQ(machine.cpu_quota, 0);
}

TEST(ReadMachine, ReadsThisOne) {
  const Machine machine = ReadMachine();
  EXPECT_GT(machine.logical_cpus, 0);
  EXPECT_GT(machine.usable_cpus, 0);
  EXPECT_GT(machine.memory_bytes, machine.memory_available_bytes);
  EXPECT_FALSE(machine.cpu_features.empty());
}

TEST(MachineWarnings, SayWhatIsWrongAndWhatToDo) {
  Machine machine = Laptop().Read();
  auto warnings = MachineWarnings(machine, 4);
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_TRUE(Mentions(warnings, "governor 'powersave'"));
  EXPECT_TRUE(Mentions(warnings, "boost"));
  EXPECT_NE(warnings[1].remedy.find("intel_pstate"), std::string::npos);

  machine.load_1min = 4.5;
  EXPECT_TRUE(Mentions(MachineWarnings(machine, 4), "load 4.50 on 8 CPUs"));
  EXPECT_TRUE(Mentions(MachineWarnings(machine, 6), "6 threads share 5.00 CPUs"));
  machine.cpu_quota = 1.5;
  EXPECT_TRUE(Mentions(MachineWarnings(machine, 2), "2 threads share 1.50 CPUs"));
  machine.memory_available_bytes = 100 << 20;
  EXPECT_TRUE(Mentions(MachineWarnings(machine, 1), "only 100 MiB of memory"));
  machine.governor.clear();
  EXPECT_TRUE(Mentions(MachineWarnings(machine, 1), "can't be seen"));
}

TEST(MachineWarnings, AQuietLockedMachineHasNone) {
  Machine machine = Laptop().Read();
  machine.governor = "performance";
  machine.boost = false;
  EXPECT_TRUE(MachineWarnings(machine, 4).empty());
  machine.boost.reset();
  EXPECT_TRUE(MachineWarnings(machine, 4).empty());
}

TEST(MachineJson, RoundTrips) {
  for (const Machine& machine : {Laptop().Read(), FakeRoot().Read(), ReadMachine()}) {
    const auto back = MachineFromJson(ToJson(machine));
    ASSERT_TRUE(back.ok()) << back.error().ToString();
    EXPECT_EQ(ToJson(*back), ToJson(machine));
  }
}

TEST(MachineJson, RefusesWrongTypes) {
  nlohmann::json json = ToJson(Laptop().Read());
  json["logical_cpus"] = "eight";
  EXPECT_FALSE(MachineFromJson(json).ok());
  EXPECT_FALSE(MachineFromJson(nlohmann::json::array()).ok());
  EXPECT_FALSE(MachineFromJson(nlohmann::json::object()).ok());
}

}  // namespace
}  // namespace edgeopt::measure
