#include "devices/device.h"

namespace edgeopt::devices {

// 64 or 32 GB; twelve or eight Cortex-A78AE, an Ampere GPU with twice the multiprocessors of an
// Orin NX, two DLA cores. It is "NVIDIA Jetson AGX Orin Developer Kit" or, in older releases, the
// same without the first word.
Device jetson_agx_orin() {
  Device device;
  device.name = "jetson-agx-orin";
  device.title = "Jetson AGX Orin";
  device.format = "tensorrt";
  device.runtime = "tensorrt";
  device.why = "only a TensorRT engine, built on the device, uses its GPU well";
  device.board = "AGX Orin";
  device.precisions = "fp32 fp16 int8";
  device.rules = "tensorrt";
  device.calibration = {500, 1000};
  device.power_modes = "MAXN MODE_15W MODE_30W MODE_40W MODE_50W";
  device.thermal_zones =
      "cpu-thermal gpu-thermal cv0-thermal cv1-thermal cv2-thermal soc0-thermal soc1-thermal "
      "soc2-thermal tj-thermal";
  device.compute_capability = "8.7";
  device.dla_cores = 2;
  return device;
}

}  // namespace edgeopt::devices
