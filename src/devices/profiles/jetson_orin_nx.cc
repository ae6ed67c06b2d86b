#include "devices/device.h"

namespace edgeopt::devices {

// 16 or 8 GB; eight or six Cortex-A78AE, an Ampere GPU, two DLA cores or one. JetPack 5 calls it
// "NVIDIA Orin NX Developer Kit", JetPack 6 "NVIDIA Jetson Orin NX Engineering Reference Developer
// Kit", with "Super" behind it since 6.2.
Device jetson_orin_nx() {
  Device device;
  device.name = "jetson-orin-nx";
  device.title = "Jetson Orin NX";
  device.format = "tensorrt";
  device.runtime = "tensorrt";
  device.why = "only a TensorRT engine, built on the device, uses its GPU well";
  device.board = "Orin NX";
  device.precisions = "fp32 fp16 int8";
  device.rules = "tensorrt";
  device.calibration = {500, 1000};
  device.power_modes = "MAXN MAXN_SUPER 10W 15W 20W 25W 40W";
  device.thermal_zones =
      "cpu-thermal gpu-thermal cv0-thermal cv1-thermal cv2-thermal soc0-thermal soc1-thermal "
      "soc2-thermal tj-thermal";
  device.compute_capability = "8.7";
  device.dla_cores = 2;
  return device;
}

}  // namespace edgeopt::devices
