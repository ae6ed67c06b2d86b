#include "devices/device.h"

namespace edgeopt::devices {

// Cortex-A76, with dot-product instructions.
Device raspberry_pi_5() {
  return {"raspberry-pi-5",
          "Raspberry Pi 5",
          "tflite",
          "litert",
          "LiteRT with XNNPACK runs TFLite fastest there",
          false,
          "Raspberry Pi 5"};
}

}  // namespace edgeopt::devices
