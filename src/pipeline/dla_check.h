// Whether a run's engines can be built for a deep learning accelerator (DLA) of a Jetson.
//
// Source: "Working with DLA" of TensorRT 10.7, 11.3 and 11.4.1 (runtimes/tensorrt/trtexec_flags.h);
// cores per board: NVIDIA's data sheets (devices/profiles).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "devices/device.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// Before anything is measured. Unsupported, with the reason, for a device without DLA, and for a
// release of TensorRT that has none; usage error for a core beyond the device's. `tensorrt`:
// "10.3.0"; empty: not known yet.
Status CheckDla(const devices::Device& device, int core, std::string_view tensorrt);

// Why a model with Q/DQ is not for the DLA that the run is for: the TensorRT that an engine of an
// earlier step was built by does not take it, or none was built yet. Empty: it may be tried, or the
// run is for no DLA.
std::string Int8OffDla(const report::Record& record);

}  // namespace edgeopt::pipeline
