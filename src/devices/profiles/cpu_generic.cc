#include "devices/device.h"

namespace edgeopt::devices {

// Any x86-64 or arm64 machine, the one that measures included.
Device cpu_generic() {
  Device device;
  device.name = "cpu-generic";
  device.title = "generic CPU";
  device.format = "onnx";
  device.runtime = "onnxruntime";
  device.why = "ONNX Runtime has the kernels for it (VNNI, NEON) without a conversion";
  device.any_format = true;
  device.precisions = "fp32 int8";  // and fp16 where the CPU multiplies 16-bit floats (facts.h)
  device.rules = "onnxruntime";
  return device;
}

}  // namespace edgeopt::devices
