#include "devices/device.h"

namespace edgeopt::devices {

// Cortex-A72, without dot-product instructions.
Device raspberry_pi_4() {
  return {"raspberry-pi-4",
          "Raspberry Pi 4",
          "tflite",
          "litert",
          "LiteRT with XNNPACK runs TFLite fastest there",
          false,
          "Raspberry Pi 4"};
}

}  // namespace edgeopt::devices
