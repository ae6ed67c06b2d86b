// A look at a verified flatbuffer before it is unpacked. Internal to formats/tflite.
#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/result.h"

namespace edgeopt::formats::tflite::internal {

// Unsupported names the first field or union member that our schema does not know: unpacking would
// drop it in silence. BadInput when the unpacked model would be out of proportion to the file:
// tables may share vectors, so that a small file could fill the memory.
Status ScanModel(const Buffer& flatbuffer);

}  // namespace edgeopt::formats::tflite::internal
