#include "devices/device.h"

namespace edgeopt::devices {

// 8 or 4 GB; six Cortex-A78AE, an Ampere GPU, no DLA. JetPack 5 calls it "NVIDIA Orin Nano
// Developer Kit", JetPack 6 "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit", with
// "Super" behind it since 6.2.
Device jetson_orin_nano() {
  Device device;
  device.name = "jetson-orin-nano";
  device.title = "Jetson Orin Nano";
  device.format = "tensorrt";
  device.runtime = "tensorrt";
  device.why = "only a TensorRT engine, built on the device, uses its GPU well";
  device.board = "Orin Nano";
  device.precisions = "fp32 fp16 int8";
  device.rules = "tensorrt";
  device.calibration = {500, 1000};
  device.power_modes = "7W 10W 15W 25W MAXN_SUPER";
  device.thermal_zones =
      "cpu-thermal gpu-thermal cv0-thermal cv1-thermal cv2-thermal soc0-thermal soc1-thermal "
      "soc2-thermal tj-thermal";
  device.compute_capability = "8.7";
  return device;
}

}  // namespace edgeopt::devices
