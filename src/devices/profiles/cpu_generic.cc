#include "devices/device.h"

namespace edgeopt::devices {

// Any x86-64 or arm64 machine, the one that measures included.
Device cpu_generic() {
  return {"cpu-generic",
          "generic CPU",
          "onnx",
          "onnxruntime",
          "ONNX Runtime has the kernels for it (VNNI, NEON) without a conversion",
          true,
          ""};
}

}  // namespace edgeopt::devices
