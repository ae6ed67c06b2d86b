// A board made of files: a tree of /sys, /proc and /etc below a temporary folder, and small scripts
// in the place of its programs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/file.h"
#include "hardware/program.h"

namespace edgeopt::hardware {

namespace fs = std::filesystem;

inline constexpr fs::perms kReadOnly =
    fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;

class FakeBoard {
 public:
  FakeBoard() : folder_(TemporaryFolder::Create().value()) {
    fs::create_directories(root());
    fs::create_directories(bin());
    // Who is not root must get in (see WithoutRoot), also where tests have a folder of their own.
    std::error_code not_ours;
    fs::permissions(folder_.path().parent_path(), fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, not_ours);
    fs::permissions(folder_.path(), fs::perms::owner_all | fs::perms::others_read |
                                        fs::perms::others_exec | fs::perms::group_read |
                                        fs::perms::group_exec);
  }

  fs::path root() const { return folder_.path() / "root"; }
  fs::path bin() const { return folder_.path() / "bin"; }
  fs::path journal() const { return folder_.path() / "journal"; }
  // Only the fake programs, and no sudo.
  Host host() const { return {root(), {{bin()}, false}}; }

  // `path` is below the root, without a leading slash.
  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path, std::ios::binary) << text;
  }
  std::string Read(const std::string& path) const {
    std::stringstream text;
    text << std::ifstream(root() / path).rdbuf();
    std::string value = text.str();
    while (value.ends_with('\n')) value.pop_back();
    return value;
  }
  // A file that exists and can't be read, as a sensor's that is off - not even by root.
  void MakeUnreadable(const std::string& path) const { fs::create_directories(root() / path); }

  // A script that is a program. $ROOT is the root.
  void Program(const std::string& name, const std::string& script) const {
    std::ofstream(bin() / name) << "#!/bin/sh\nROOT='" << root().string() << "'\n" << script;
    fs::permissions(bin() / name, fs::perms::owner_all | fs::perms::group_read |
                                      fs::perms::group_exec | fs::perms::others_read |
                                      fs::perms::others_exec);
  }

  // `count` CPUs with a cpufreq folder, as Linux writes them.
  void AddCpus(int count, const std::string& governor, const std::string& governors, int min_khz,
               int max_khz) const {
    for (int cpu = 0; cpu < count; ++cpu) {
      const std::string folder = CpuFolder(cpu);
      Write(folder + "scaling_governor", governor + "\n");
      Write(folder + "scaling_available_governors", governors + " \n");
      Write(folder + "scaling_cur_freq", std::to_string(min_khz) + "\n");
      Write(folder + "scaling_min_freq", std::to_string(min_khz) + "\n");
      Write(folder + "scaling_max_freq", std::to_string(max_khz) + "\n");
    }
  }
  static std::string CpuFolder(int cpu) {
    return "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpufreq/";
  }

 private:
  TemporaryFolder folder_;
};

// A Raspberry Pi 5 with its documented defaults.
inline void MakeRaspberryPi(const FakeBoard& board) {
  board.Write("proc/device-tree/model", std::string("Raspberry Pi 5 Model B Rev 1.0\0", 31));
  board.Write("proc/device-tree/compatible",
              std::string("raspberrypi,5-model-b\0brcm,bcm2712\0", 35));
  board.AddCpus(4, "ondemand", "conservative ondemand userspace powersave performance schedutil",
                1500000, 2400000);
  board.Write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
  board.Write("sys/class/thermal/thermal_zone0/temp", "52100\n");
}

// While it lives, the process has no rights of root: it is another user, where the tests run as
// root.
class WithoutRoot {
 public:
  WithoutRoot() {
    if (was_root_) {
      EXPECT_EQ(::seteuid(kNobody), 0);
    }
  }
  ~WithoutRoot() {
    if (was_root_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  const bool was_root_ = ::geteuid() == 0;
};

}  // namespace edgeopt::hardware
