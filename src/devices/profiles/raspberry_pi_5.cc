#include "devices/device.h"

namespace edgeopt::devices {

// Cortex-A76, with dot-product instructions.
Device raspberry_pi_5() {
  Device device;
  device.name = "raspberry-pi-5";
  device.title = "Raspberry Pi 5";
  device.format = "tflite";
  device.runtime = "litert";
  device.why = "LiteRT with XNNPACK runs TFLite fastest there";
  device.board = "Raspberry Pi 5";
  device.precisions = "fp32 fp16 int8";
  device.rules = "litert";
  device.threads = 4;
  device.thermal_zones = "cpu-thermal";
  return device;
}

}  // namespace edgeopt::devices
