#include "devices/device.h"

namespace edgeopt::devices {

Device jetson_orin_nano() {
  return {"jetson-orin-nano",
          "Jetson Orin Nano",
          "tensorrt",
          "tensorrt",
          "only a TensorRT engine, built on the device, uses its GPU well",
          false,
          "NVIDIA Jetson Orin Nano"};
}

}  // namespace edgeopt::devices
