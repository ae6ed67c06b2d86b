// A Jetson Orin Nano made of files, with nvpmodel and jetson_clocks as scripts that do to the files
// what the real ones do to /sys.
#pragma once

#include <string>

#include "hardware/fake_board.h"
#include "hardware/locking.h"

namespace edgeopt::hardware {

inline constexpr char kFakeGpu[] = "sys/class/devfreq/17000000.gpu/";

// Two modes that work (0: 15W, 1: 7W), one that needs a restart (2), and none else. As the real
// one, it tells errors it meets when it is not root behind a good answer, and ends with exit code 0
// behind most errors.
inline constexpr char kFakeNvpmodel[] = R"sh(
case "$1" in
-q)
  echo "NVPM WARN: fan mode is not set!"
  if [ "$(cat $ROOT/mode)" = 0 ]; then echo "NV Power Mode: 15W"; else echo "NV Power Mode: 7W"; fi
  cat $ROOT/mode
  echo "NVPM ERROR: Error opening /sys/kernel/nvpmodel_emc_cap/emc_iso_cap: 13" >&2
  ;;
-m)
  echo "set $2" >> $ROOT/calls
  case "$2" in
  0) max=1510400 ;;
  1) max=960000 ;;
  2)
    echo "NVPM WARN: Golden image context is already created"
    echo "NVPM WARN: Reboot required for changing to this power mode: 2"
    echo "NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm:"
    read answer
    [ "$answer" = YES ] && touch $ROOT/rebooted
    echo "NVPM ERROR: bad input!"
    exit 1 ;;
  *)
    echo "NVPM ERROR: request for bad power mode $2"
    exit 0 ;;
  esac
  echo $2 > $ROOT/mode
  for cpu in $ROOT/sys/devices/system/cpu/cpu[0-9]*/cpufreq; do
    echo 729600 > $cpu/scaling_min_freq
    echo $max > $cpu/scaling_max_freq
  done
  ;;
esac
)sh";

inline constexpr char kFakeJetsonClocks[] = R"sh(
CPUS=$ROOT/sys/devices/system/cpu
GPU=$ROOT/sys/class/devfreq/17000000.gpu
echo "clocks $1" >> $ROOT/calls
case "$1" in
--show)
  echo "SOC family:tegra234  Machine:NVIDIA Jetson Orin Nano Developer Kit"
  echo "Online CPUs: 0-1"
  for cpu in cpu0 cpu1; do
    folder=$CPUS/$cpu/cpufreq
    echo "$cpu: Online=1 Governor=schedutil MinFreq=$(cat $folder/scaling_min_freq)" \
      "MaxFreq=$(cat $folder/scaling_max_freq) CurrentFreq=$(cat $folder/scaling_cur_freq)" \
      "IdleStates: WFI=1 c7=1 "
  done
  echo "GPU MinFreq=$(cat $GPU/min_freq) MaxFreq=$(cat $GPU/max_freq)" \
    "CurrentFreq=$(cat $GPU/cur_freq)"
  echo "EMC MinFreq=204000000 MaxFreq=2133000000 CurrentFreq=2133000000 FreqOverride=1"
  ;;
--store)
  if [ -e "$2" ]; then
    echo "File $2 already exists. Can I overwrite it? Y/N:"
    read answer
    echo "Error: file $2 already exists!"
    exit 1
  fi
  for file in $CPUS/cpu0/cpufreq/scaling_min_freq $CPUS/cpu1/cpufreq/scaling_min_freq \
      $GPU/min_freq; do
    echo "$file:$(cat $file)" >> "$2"
  done
  ;;
--restore)
  for conf in $(cat "$2"); do echo "${conf##*:}" > "${conf%:*}"; done
  ;;
*)
  for cpu in $CPUS/cpu[0-9]*/cpufreq; do cat $cpu/scaling_max_freq > $cpu/scaling_min_freq; done
  if [ -e $ROOT/kill_between ]; then kill -9 $PPID; exit 0; fi
  if [ -e $ROOT/gpu_fails ]; then echo "Error: Failed to max GPU frequency!"; exit 0; fi
  cat $GPU/max_freq > $GPU/min_freq
  ;;
esac
exit 0
)sh";

inline void MakeJetson(const FakeBoard& board) {
  board.Write("proc/device-tree/model", std::string("NVIDIA Jetson Orin Nano Developer Kit\0", 38));
  board.Write(
      "proc/device-tree/compatible",
      std::string("nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0005\0nvidia,tegra234\0", 63));
  board.Write(
      "etc/nv_tegra_release",
      "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: "
      "Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\n");
  board.AddCpus(2, "schedutil", "conservative ondemand userspace powersave performance schedutil",
                729600, 1510400);
  board.Write(std::string(kFakeGpu) + "device/of_node/name", std::string("gpu\0", 4));
  board.Write(std::string(kFakeGpu) + "governor", "nvhost_podgov\n");
  board.Write(std::string(kFakeGpu) + "cur_freq", "306000000\n");
  board.Write(std::string(kFakeGpu) + "min_freq", "306000000\n");
  board.Write(std::string(kFakeGpu) + "max_freq", "624750000\n");
  board.Write(std::string(kFakeGpu) + "device/load", "420\n");
  board.Write("mode", "0\n");
  board.Program("nvpmodel", kFakeNvpmodel);
  board.Program("jetson_clocks", kFakeJetsonClocks);
  // Where the tests run as another user than root, this stands for it.
  board.Program("sudo",
                "[ \"$1\" = -n ] || exit 2\nshift\n[ \"$1\" = true ] && exit 0\nexec \"$@\"\n");
}

// Its host, with sudo allowed: so that the tests pass for any user.
inline Host JetsonHost(const FakeBoard& board) {
  Host host = board.host();
  host.programs.sudo = true;
  return host;
}

}  // namespace edgeopt::hardware
